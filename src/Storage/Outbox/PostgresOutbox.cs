using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Npgsql;
using NpgsqlTypes;

namespace Channels.Storage.Outbox;

/// <summary>The outbox as delivery grains read and write it.</summary>
internal sealed class PostgresOutbox(AccountWriter writer, ChannelsDatabase database, TimeProvider clock) : IOutbox
{
    private const string Find = """
        select message_id, conversation_id from outbox where tenant_id = $1 and account_id = $2 and state <> 2 and message_id > $3 order by message_id limit $4
        """;

    // By conversation, so that what one has waiting costs no more than what is wanted of it; uuid_send is what its index is sorted by, and "is not distinct from" keeps the
    // table's key from being read instead. The limits are fences: planned while the transcript is empty, a join might as well begin with all the messages of the account, and goes on so for days.
    // The running sum bounds what is read in bytes: the first always comes, whatever its size.
    private const string Load = """
        select o.message_id, o.conversation_id, c.chat_id, o.text, o.reply_to, o.state, o.attempts, o.next_attempt_at, o.sending_since, o.possibly_duplicate, o.content::text, o.queued_at,
               split_part(o.reason, ':', 1), o.size, o.through >= 8388608
        from (
          select w.place, o.*, t.text, t.length + o.besides as size, sum(t.length + o.besides) over (order by w.place, o.message_id) as through
          from unnest($3::uuid[]) with ordinality as w (conversation_id, place)
          cross join lateral (
            select *, coalesce(octet_length(content::text), 0) as besides from outbox
            where conversation_id = w.conversation_id and tenant_id is not distinct from $1 and account_id is not distinct from $2 and state <> 2
            order by uuid_send(message_id) limit $4) as o
          cross join lateral (
            select text, coalesce(octet_length(text), 0) as length from transcript
            where tenant_id = o.tenant_id and account_id = o.account_id and id = o.message_id limit 1) as t) as o
        cross join lateral (select chat_id from conversation where tenant_id = o.tenant_id and id = o.conversation_id limit 1) as c
        where o.through - o.size < 8388608
        order by o.place, o.message_id
        """;

    private const string LoadUnknown = """
        select o.message_id, o.conversation_id, c.chat_id, t.text, o.reply_to, o.state, o.attempts, o.next_attempt_at, o.sending_since, o.possibly_duplicate, o.content::text, o.queued_at,
               split_part(o.reason, ':', 1), octet_length(t.text), false
        from (select * from outbox where tenant_id = $1 and account_id = $2 and state = 2 and sending_since > $3 order by message_id desc limit $4) as o
        cross join lateral (select text from transcript where tenant_id = o.tenant_id and account_id = o.account_id and id = o.message_id limit 1) as t
        cross join lateral (select chat_id from conversation where tenant_id = o.tenant_id and id = o.conversation_id limit 1) as c
        order by o.message_id desc
        """;

    // The mark is set in the transcript at once: an echo of the first copy may come before the second is settled, and is ours.
    private const string Repeat = """
        with repeated as (
          update outbox o set state = 0, next_attempt_at = $4, possibly_duplicate = true
          where o.tenant_id = $1 and o.account_id = $2 and o.message_id = $3 and o.state = 2 and not o.possibly_duplicate
            and not exists (select from transcript t
                            where t.tenant_id = o.tenant_id and t.conversation_id = o.conversation_id and t.id > o.message_id and t.outbound
                              and not exists (
                                select from outbox q where q.tenant_id = t.tenant_id and q.account_id = t.account_id and q.message_id = t.id and q.state = 0 offset 0)
                            offset 0)
          returning o.conversation_id, o.message_id),
        told as (
          update transcript t set status = 'queued', status_at = $4, reason = null, possibly_duplicate = true
          where t.tenant_id = $1 and t.account_id = $2 and t.id = $3 and exists (select from repeated))
        insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
        select $1, message_id, 'delivery.updated', $2, conversation_id, message_id, jsonb_build_object('status', 'queued') from repeated
        """;

    private const string LookedUp = """
        update outbox set look_ups = look_ups + 1, looked_up_at = $4, look_up_answer = $5 where tenant_id = $1 and account_id = $2 and message_id = $3
        """;

    // The conversation may have gone into another since it was read. A reply may have waited for days before it was sent: its own moment counts, and its id only bounds what is read.
    private const string Known = """
        select provider_message_id from transcript
        where tenant_id = $1 and conversation_id = coalesce((select merged_into from conversation where tenant_id = $1 and id = $2), $2) and id >= $3 and outbound and provider_message_id is not null
          and (id >= $4 or sent_at >= $5)
        order by id desc limit 200
        """;

    private const string Anothers = """
        select exists (select from message_key k
                       where k.account_id = $2 and k.provider_message_id = $5 and k.key_class = 'message' and k.message_id <> $4
                         and k.conversation_id = coalesce((select merged_into from conversation where tenant_id = $1 and id = $3), $3))
        """;

    /// <summary>Replies that waited for longer than this before they were sent are not among those whose ids are told.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    public Task<ImmutableArray<WaitingId>> FindAsync(TenantId tenant, AccountId account, MessageId? after, int limit, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Pipeline.CreateCommand(Find);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = after?.Value ?? Guid.Empty });
            command.Parameters.Add(new NpgsqlParameter { Value = limit });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var found = ImmutableArray.CreateBuilder<WaitingId>();
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(new WaitingId(new MessageId(reader.GetGuid(0)), new ConversationId(reader.GetGuid(1))));
            }

            return found.ToImmutable();
        });

    /// <inheritdoc/>
    public Task<OutboxPage> LoadAsync(
        TenantId tenant, AccountId account, IReadOnlyList<ConversationId> conversations, int ofEach, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Pipeline.CreateCommand(Load);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = conversations.Select(conversation => conversation.Value).ToArray() });
            command.Parameters.Add(new NpgsqlParameter { Value = ofEach });
            return await PageAsync(command, cancellationToken);
        });

    /// <inheritdoc/>
    public Task<ImmutableArray<OutboxRow>> LoadUnknownAsync(
        TenantId tenant, AccountId account, DateTimeOffset begunAfter, int limit, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Pipeline.CreateCommand(LoadUnknown);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = begunAfter, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(new NpgsqlParameter { Value = limit });
            return (await PageAsync(command, cancellationToken)).Rows;
        });

    /// <inheritdoc/>
    public Task<bool> RepeatAsync(TenantId tenant, AccountId account, MessageId message, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Pipeline.CreateCommand(Repeat);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = message.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow(), NpgsqlDbType = NpgsqlDbType.TimestampTz });
            return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        });

    /// <inheritdoc/>
    public async Task<SendStart> BeginSendAsync(
        TenantId tenant, AccountId account, MessageId message, int attempt, bool possiblyDuplicate, CancellationToken cancellationToken)
    {
        var operation = new BeginSendOperation(tenant, account, message, attempt, possiblyDuplicate, clock.GetUtcNow());
        await writer.RunAsync(operation, cancellationToken);
        return operation.Start;
    }

    /// <inheritdoc/>
    public async Task<bool> SettleAsync(SendSettlement settlement, CancellationToken cancellationToken)
    {
        var operation = new SettleOperation(settlement, clock.GetUtcNow());
        await writer.RunAsync(operation, cancellationToken);
        return operation.IsCurrent;
    }

    /// <inheritdoc/>
    public Task LookedUpAsync(TenantId tenant, AccountId account, MessageId message, string answer, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Pipeline.CreateCommand(LookedUp);
            command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = message.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow(), NpgsqlDbType = NpgsqlDbType.TimestampTz });
            command.Parameters.Add(new NpgsqlParameter { Value = answer });
            return await command.ExecuteNonQueryAsync(cancellationToken);
        });

    /// <inheritdoc/>
    public Task<ImmutableHashSet<string>> KnownProviderIdsAsync(ConversationRef conversation, DateTimeOffset since, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Requests.CreateCommand(Known);
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Conversation.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(since - LongestWait) });
            command.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(since) });
            command.Parameters.Add(new NpgsqlParameter { Value = since, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var known = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellationToken))
            {
                known.Add(reader.GetString(0));
            }

            return known.ToImmutable();
        });

    /// <inheritdoc/>
    public Task<bool> IsAnothersAsync(ConversationRef conversation, MessageId message, string providerMessageId, CancellationToken cancellationToken) =>
        StoreFaults.GuardAsync(async () =>
        {
            await using var command = database.Requests.CreateCommand(Anothers);
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Tenant.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Account.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = conversation.Conversation.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = message.Value });
            command.Parameters.Add(new NpgsqlParameter { Value = providerMessageId });
            return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        });

    private static async Task<OutboxPage> PageAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (rows, isCut) = (ImmutableArray.CreateBuilder<OutboxRow>(), false);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (content, isUnreadable) = ContentOf(reader.TextOrNull(10));
            var reply = new QueuedReply(
                new MessageId(reader.GetGuid(0)), new ConversationId(reader.GetGuid(1)), reader.GetString(2), reader.TextOrNull(3) ?? "", reader.TextOrNull(4), content);
            rows.Add(new OutboxRow(
                reply, (OutboxState)reader.GetInt16(5), reader.GetInt32(6), reader.GetFieldValue<DateTimeOffset>(7), reader.TimeOrNull(8), reader.GetBoolean(9))
            {
                QueuedAt = reader.TimeOrNull(11),
                LastCode = reader.TextOrNull(12),
                IsUnreadable = isUnreadable,
                Size = reader.IsDBNull(13) ? 0 : reader.GetInt32(13),
            });
            isCut = reader.GetBoolean(14);
        }

        return new OutboxPage(rows.ToImmutable(), isCut);
    }

    // One row must not keep all others of its account from leaving.
    private static (OutboundContent? Content, bool IsUnreadable) ContentOf(string? json)
    {
        try
        {
            return (OutboundContentJson.Read(json), false);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            return (null, true);
        }
    }
}
