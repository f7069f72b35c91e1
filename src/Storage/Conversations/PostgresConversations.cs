using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Npgsql;

namespace Channels.Storage.Conversations;

/// <summary>Conversations as their grains read and write them.</summary>
internal sealed class PostgresConversations(AccountWriter writer, ConversationLoader loader, ChannelsDatabase database, TimeProvider clock) : IConversationStore
{
    // The running sum bounds it in bytes as well: a hundred messages may be of any size. The newest always comes.
    private const string History = """
        select t.author, t.kind, t.text, t.occurred_at, t.sender_name, t.details::text, f.message_id is not null, f.reason
        from (
          select m.*, row_number() over newest as place, sum(m.size) over newest as through
          from (
            select id, account_id, author, kind, text, occurred_at, sender_name, details,
                   coalesce(octet_length(text), 0) + coalesce(octet_length(details::text), 0) as size
            from transcript
            where tenant_id = $1 and conversation_id = $2 and id < $3 and (text is not null or details is not null)
            order by id desc
            limit $4) as m
          window newest as (order by m.id desc)) as t
        left join lateral (select message_id, reason from media_fetch where tenant_id = $1 and account_id = t.account_id and message_id = t.id limit 1) as f on true
        where t.through <= 262144 or t.place = 1
        order by t.id desc
        """;

    // Whoever gives a conversation back also says: try the contact again, whatever the provider said before. What a person wrote before that, and comes late, takes nothing back.
    private const string Pause = """
        update conversation
        set paused_until = $3, paused_at = case when $3::timestamptz is null then paused_at else $4 end,
            resumed_at = case when $3::timestamptz is null then $4 else resumed_at end,
            unreachable_since = case when $3::timestamptz is not null then unreachable_since end,
            unreachable_reason = case when $3::timestamptz is not null then unreachable_reason end
        where tenant_id = $1 and id = $2
        """;

    /// <inheritdoc/>
    public Task<ConversationState?> LoadAsync(ConversationRef conversation, CancellationToken cancellationToken) => loader.LoadAsync(conversation, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<AgentMessage>> HistoryAsync(ConversationRef conversation, MessageId before, int limit, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Requests.CreateCommand(History);
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Conversation.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = before.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = limit });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var messages = new List<AgentMessage>();
            while (await reader.ReadAsync(cancellationToken))
            {
                var details = reader.TextOrNull(5);
                messages.Add(new AgentMessage(
                    StatusWord((Author)reader.GetInt16(0)), reader.GetString(1), reader.TextOrNull(2), reader.GetFieldValue<DateTimeOffset>(3),
                    reader.TextOrNull(4), details, AgentFile.Of(details, reader.GetBoolean(6) ? new PendingFile(WaitUntil: null, reader.TextOrNull(7)) : null)));
            }

            messages.Reverse();
            return messages.ToImmutableArray();
        });

    /// <inheritdoc/>
    public async Task<TurnEnd> FinishTurnAsync(TurnFinish finish, CancellationToken cancellationToken)
    {
        var operation = new FinishTurnOperation(finish, clock.GetUtcNow());
        await writer.RunAsync(operation, cancellationToken);
        return operation.End;
    }

    /// <inheritdoc/>
    public async Task<bool> OpenTurnAsync(TurnOpening opening, CancellationToken cancellationToken)
    {
        var operation = new OpenTurnOperation(opening);
        await writer.RunAsync(operation, cancellationToken);
        return operation.IsOpen;
    }

    /// <inheritdoc/>
    public Task QueueAsync(ConversationRef conversation, QueuedReply reply, Author author, CancellationToken cancellationToken) =>
        writer.RunAsync(new QueueOperation(conversation, reply, author, clock.GetUtcNow()), cancellationToken);

    /// <inheritdoc/>
    public Task PauseAsync(ConversationRef conversation, DateTimeOffset? until, CancellationToken cancellationToken) => StoreFaults.GuardAsync(async () =>
    {
        await using var command = database.Requests.CreateCommand(Pause);
        command.Parameters.Add(new NpgsqlParameter { Value = conversation.Tenant.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = conversation.Conversation.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)until ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    private static string StatusWord(Author author) => author switch
    {
        Author.Contact => "contact",
        Author.Agent => "agent",
        Author.Person => "person",
        _ => "program",
    };
}
