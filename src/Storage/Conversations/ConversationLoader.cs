using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Conversations;

/// <summary>Loads conversations with their unanswered turns. Grains that wake at the same time share one round trip.</summary>
internal sealed class ConversationLoader : IAsyncDisposable
{
    /// <summary>Turns read at once: enough to keep an agent busy, few enough that a backlog stays in the database. Long ones are fewer: see <see cref="Turns"/>.</summary>
    private const int MostTurns = 32;

    // "limit 1" and "is not distinct from" are fences: the replies are found by their conversation, whatever its account has waiting.
    private const string Conversations = """
        select w.n, c.chat_id, c.contact_name, c.prompt_context, c.paused_until, c.options::text, out_of_reach_since(c.unreachable_since, c.contact_wrote_at), c.unreachable_reason,
               (select true from outbox
                where conversation_id = w.conversation_id and tenant_id is not distinct from w.tenant_id and account_id is not distinct from w.account_id and state <> 2 limit 1)
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as w (tenant_id, account_id, conversation_id, n)
        join conversation c on c.tenant_id = any (array[w.tenant_id]) and c.id = w.conversation_id
        """;

    // "limit 1" is a fence: planned while the transcript is empty, a join might as well begin with all its rows, and goes on so for days.
    // The running sum bounds a conversation's share in bytes: its first turn always comes, whatever its size. So do those that a service has already, which it must find
    // to answer them: another conversation that went into this one may have put long ones before them.
    private const string Turns = $"""
        select w.n, t.id, t.kind, t.text, t.sender_name, t.occurred_at, t.details::text, t.provider_message_id, t.answer_by,
               f.message_id is not null, f.turn_waits_until, f.reason, t.reason is not distinct from '{TranscriptReasons.Deleted}', t.through >= 1048576
        from unnest($1::uuid[], $2::uuid[], $3::uuid[]) with ordinality as w (tenant_id, account_id, conversation_id, n)
        cross join lateral (
          select m.*, u.answer_by, sum(case when u.answer_by is null then m.size else 0 end) over (order by m.id) as through
          from (
            select message_id, answer_by from turn
            where tenant_id = w.tenant_id and account_id = w.account_id and conversation_id = w.conversation_id
            order by message_id limit $4) as u
          cross join lateral (
            select *, coalesce(octet_length(text), 0) + coalesce(octet_length(details::text), 0) as size
            from transcript where tenant_id = w.tenant_id and account_id = w.account_id and id = u.message_id limit 1) as m) as t
        left join lateral (
          select message_id, turn_waits_until, reason from media_fetch
          where tenant_id = w.tenant_id and account_id = w.account_id and message_id = t.id limit 1) as f on true
        where t.through - t.size < 1048576 or t.answer_by is not null
        order by w.n, t.id
        """;

    private readonly ChannelsDatabase _database;
    private readonly GroupCommit<Load> _loads;

    public ConversationLoader(ChannelsDatabase database, ILogger<ConversationLoader> logger)
    {
        _database = database;
        _loads = new GroupCommit<Load>(new GroupCommitLimits(Workers: 2, Enough: 16, Items: 64, Bytes: long.MaxValue, Queue: int.MaxValue), RunAsync, logger);
    }

    public async Task<ConversationState?> LoadAsync(ConversationRef conversation, CancellationToken cancellationToken)
    {
        var load = new Load(conversation);
        if (!_loads.TryAdd(load))
        {
            throw new Core.StoreUnavailableException("The process is stopping.");
        }

        await load.Done.WaitAsync(cancellationToken);
        return load.State is null ? null : load.State with { Turns = load.Turns.ToImmutable(), HasMoreTurns = load.IsCut || load.Turns.Count >= MostTurns };
    }

    public ValueTask DisposeAsync() => _loads.DisposeAsync();

    private async Task RunAsync(IReadOnlyList<Load> loads, CancellationToken cancellationToken)
    {
        foreach (var load in loads)
        {
            load.State = null;
            load.Turns.Clear();
            load.IsCut = false;
        }

        await using var connection = await _database.Reads.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var conversations = new NpgsqlBatchCommand(Conversations);
        conversations.Parameters.Add(Columns.Uuids(loads, load => load.Of.Tenant.Value));
        conversations.Parameters.Add(Columns.Uuids(loads, load => load.Of.Account.Value));
        conversations.Parameters.Add(Columns.Uuids(loads, load => load.Of.Conversation.Value));
        var turns = new NpgsqlBatchCommand(Turns);
        turns.Parameters.Add(Columns.Uuids(loads, load => load.Of.Tenant.Value));
        turns.Parameters.Add(Columns.Uuids(loads, load => load.Of.Account.Value));
        turns.Parameters.Add(Columns.Uuids(loads, load => load.Of.Conversation.Value));
        turns.Parameters.Add(new NpgsqlParameter { Value = MostTurns });
        batch.BatchCommands.Add(conversations);
        batch.BatchCommands.Add(turns);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            loads[(int)reader.GetInt64(0) - 1].State = new ConversationState(
                reader.GetString(1), reader.TextOrNull(2), reader.TextOrNull(3), reader.TimeOrNull(4), [], Options(reader.TextOrNull(5)),
                reader.TimeOrNull(6) is { } since ? new OutOfReach(since, reader.TextOrNull(7) ?? "") : null,
                RepliesWait: !reader.IsDBNull(8));
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var load = loads[(int)reader.GetInt64(0) - 1];
            load.IsCut |= reader.GetBoolean(13);
            load.Turns.Add(new PendingTurn(
                new MessageId(reader.GetGuid(1)), reader.GetString(2), reader.TextOrNull(3), reader.TextOrNull(4), reader.GetFieldValue<DateTimeOffset>(5),
                reader.TextOrNull(6), reader.TextOrNull(7) ?? "", reader.TimeOrNull(8),
                reader.GetBoolean(9) ? new PendingFile(reader.TimeOrNull(10), reader.TextOrNull(11)) : null, reader.GetBoolean(12)));
        }
    }

    private static ImmutableArray<string> Options(string? json) => json is null ? [] : [.. JsonSerializer.Deserialize<string[]>(json) ?? []];

    private sealed class Load(ConversationRef of) : GroupItem(of.Tenant)
    {
        public ConversationRef Of { get; } = of;

        public ConversationState? State { get; set; }

        public ImmutableArray<PendingTurn>.Builder Turns { get; } = ImmutableArray.CreateBuilder<PendingTurn>();

        /// <summary>They have reached their bound in bytes: what is behind them, if anything, was left in the table.</summary>
        public bool IsCut { get; set; }
    }
}
