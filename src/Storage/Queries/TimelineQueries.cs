using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Queries;

/// <summary>What is recorded of a message's way, and of the ways of the replies to it.</summary>
/// <remarks>
/// No index leads by a message's id: one more would cost every message another write. The message is looked for under each of its tenant's channels, by primary
/// key and in the one partition its id belongs to: microseconds for each channel. Its replies are looked for among the next messages of its conversation.
/// </remarks>
public sealed class TimelineQueries(TenantScope scope)
{
    private const string Select = """
        with found as materialized (
          select t.* from account a
          cross join lateral (
            select id, account_id, conversation_id, outbound, turn_id from transcript where tenant_id = $1 and account_id = a.id and id = $2 limit 1) as t
          where a.tenant_id = $1 limit 1),
        replies as materialized (
          select r.id from found f
          cross join lateral (
            select id, outbound, turn_id from transcript
            where tenant_id = $1 and conversation_id = f.conversation_id and id > coalesce(f.turn_id, f.id) order by id limit 2000) as r
          where not f.outbound and r.outbound and r.turn_id = coalesce(f.turn_id, f.id)
          order by r.id limit 50)
        select m.id, m.account_id, m.conversation_id, m.outbound, m.author, m.kind, m.status, m.reason, m.provider_message_id, m.occurred_at, m.received_at,
               m.status_at, m.turn_id, m.asked_at, m.asks, coalesce(o.attempts, m.attempts, 0), coalesce(o.look_ups, m.look_ups, 0), m.sent_at, m.delivered_at, m.read_at,
               m.possibly_duplicate or coalesce(o.possibly_duplicate, false), o.state, o.next_attempt_at, o.sending_since, o.reason, o.looked_up_at, o.look_up_answer,
               u.message_id is not null, u.answer_by, u.asked_at,
               (select count(*) from (select 1 from turn where tenant_id = $1 and account_id = m.account_id and conversation_id = m.conversation_id
                                        and message_id < u.message_id limit 100) as q),
               coalesce(k.repeats, 0), k.repeated_at, (select suspended_at from tenant where id = $1), w.turn_waits_until, w.reason, o.queued_at
        from (select id from found union all select id from replies) as s
        cross join found f
        join transcript m on m.tenant_id = $1 and m.account_id = f.account_id and m.id = s.id
        left join outbox o on o.tenant_id = $1 and o.account_id = m.account_id and o.message_id = m.id
        left join turn u on not m.outbound and u.tenant_id = $1 and u.account_id = m.account_id and u.conversation_id = m.conversation_id and u.message_id = m.id
        left join media_fetch w on u.message_id is not null and w.tenant_id = $1 and w.account_id = m.account_id and w.message_id = m.id
        left join lateral (
          select repeats, repeated_at from message_key
          where account_id = m.account_id and provider_message_id = m.provider_message_id and message_id = m.id order by repeats desc limit 1) as k on true
        order by m.id <> $2, m.id
        """;

    /// <summary>The message, then the replies to it, oldest first; empty when the tenant has no such message.</summary>
    public async Task<ImmutableArray<TimelineRow>> FindAsync(TenantId tenant, MessageId message, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, message.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAllAsync(Read, cancellationToken);
    }

    private static TimelineRow Read(NpgsqlDataReader row) => new(
        new(row.GetGuid(0)), new(row.GetGuid(1)), new(row.GetGuid(2)), row.GetBoolean(3), (Author)row.GetInt16(4), row.GetString(5), row.GetString(6), row.Text(7),
        row.Text(8), row.GetFieldValue<DateTimeOffset>(9), row.GetBoolean(20))
    {
        ReceivedAt = row.Moment(10),
        StatusAt = row.Moment(11),
        Turn = row.Id(12),
        AskedAt = row.Moment(13) ?? row.Moment(29),
        Asks = row.IsDBNull(14) ? 0 : row.GetInt32(14),
        Attempts = row.GetInt32(15),
        LookUps = row.GetInt32(16),
        SentAt = row.Moment(17),
        DeliveredAt = row.Moment(18),
        ReadAt = row.Moment(19),
        Unsettled = row.IsDBNull(21)
            ? null
            : new((OutboxState)row.GetInt16(21), row.GetFieldValue<DateTimeOffset>(22), row.Moment(23), row.Text(24), row.Moment(25), row.Text(26), row.Moment(36)),
        Waiting = row.GetBoolean(27) ? new(row.Moment(28), (int)row.GetInt64(30), row.Moment(34), row.Text(35)) : null,
        Repeats = row.GetInt32(31),
        RepeatedAt = row.Moment(32),
        SuspendedAt = row.Moment(33),
    };
}

/// <summary>A message, and what is known of its way. Null: it did not happen, or not yet, or before this was recorded.</summary>
public sealed record TimelineRow(
    MessageId Id, AccountId Account, ConversationId Conversation, bool Outbound, Author Author, string Kind, string Status, string? Reason,
    string? ProviderMessageId, DateTimeOffset OccurredAt, bool PossiblyDuplicate)
{
    /// <summary>When its webhook was stored.</summary>
    public DateTimeOffset? ReceivedAt { get; init; }

    /// <summary>When its status changed last.</summary>
    public DateTimeOffset? StatusAt { get; init; }

    /// <summary>Of a reply: the message it answers. Of a message that came in a burst: the first of it.</summary>
    public Guid? Turn { get; init; }

    /// <summary>When the agent was asked; on the reply, or on the message that got none.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>How often, as far as is known.</summary>
    public int Asks { get; init; }

    /// <summary>Attempts to send it.</summary>
    public int Attempts { get; init; }

    /// <summary>How often the provider was asked whether it has it.</summary>
    public int LookUps { get; init; }

    /// <summary>When the provider took it.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>When we heard that it was delivered.</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>When we heard that it was read.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>Set while it is in the outbox.</summary>
    public UnsettledReply? Unsettled { get; init; }

    /// <summary>Set while it is to be answered.</summary>
    public WaitingTurn? Waiting { get; init; }

    /// <summary>How often the provider brought the same again.</summary>
    public int Repeats { get; init; }

    /// <summary>When last.</summary>
    public DateTimeOffset? RepeatedAt { get; init; }

    /// <summary>Since when its tenant is stopped; null when it is not.</summary>
    public DateTimeOffset? SuspendedAt { get; init; }
}

/// <summary>A reply in the outbox.</summary>
/// <param name="State">Where it stands.</param>
/// <param name="NextAttemptAt">Not sent before.</param>
/// <param name="SendingSince">When its last attempt began.</param>
/// <param name="Reason">How that ended.</param>
/// <param name="LookedUpAt">When the provider was last asked whether it has it.</param>
/// <param name="LookUpAnswer">What it said.</param>
/// <param name="QueuedAt">When a person had it sent once more; null when nobody did.</param>
public sealed record UnsettledReply(
    OutboxState State, DateTimeOffset NextAttemptAt, DateTimeOffset? SendingSince, string? Reason, DateTimeOffset? LookedUpAt, string? LookUpAnswer, DateTimeOffset? QueuedAt);

/// <summary>A message that is to be answered.</summary>
/// <param name="AnswerBy">Set while its agent's service may answer later.</param>
/// <param name="Ahead">Messages of its conversation that come first, up to a hundred.</param>
/// <param name="FileBy">Set while its file is being fetched: until then it waits for it.</param>
/// <param name="FileTrouble">What the last attempt to fetch it came to.</param>
public sealed record WaitingTurn(DateTimeOffset? AnswerBy, int Ahead, DateTimeOffset? FileBy = null, string? FileTrouble = null);
