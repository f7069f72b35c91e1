using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using NpgsqlTypes;

namespace Channels.Storage.Outbox;

/// <summary>Records what became of attempts. Safe to repeat.</summary>
internal sealed class SettleOperation(SendSettlement settlement, DateTimeOffset now) : AccountOperation(settlement.Tenant, settlement.Account)
{
    // The row knows where the reply belongs by now: its conversation may have gone into another since it was read.
    // Counted only while the outbox row is there, so that a repetition counts nothing. A receipt that came early is applied now. That it was sent is true whoever says so;
    // anything else only while the attempt it is about is the one under way: somebody who stood still must not settle, or put back, what another has begun anew.
    // What is not tried any more was never begun: it fails in one step while it waits and has no mark, so that no crash leaves it as one that may have left.
    // In one transaction with this a receipt may have told of the same message: that of the first copy of a reply that was sent twice, whose echo gave the copy's id away.
    private const string Settle = """
        with s as materialized (
          select s.tenant_id, s.account_id, s.message_id, coalesce(o.conversation_id, s.conversation_id) as conversation_id, s.status, s.provider_message_id, s.reason, s.now, s.attempt, s.state,
                 coalesce(o.message_id is not null and s.status = 'sent' or o.state = s.state and o.attempts = s.attempt and (s.state = 1 or not o.possibly_duplicate), false) as open,
                 coalesce(o.possibly_duplicate, false) as possibly_duplicate,
                 o.attempts, o.look_ups, e.status as early, e.at as early_at
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::int[], $10::smallint[])
            as s (tenant_id, account_id, message_id, conversation_id, status, provider_message_id, reason, now, attempt, state)
          left join outbox o on o.tenant_id = any (array[s.tenant_id]) and o.account_id = s.account_id and o.message_id = s.message_id
          left join early_receipt e on e.account_id = any (array[s.account_id]) and e.provider_message_id = s.provider_message_id),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', message_id from s where provider_message_id is not null
          on conflict do nothing),
        early as (
          delete from early_receipt e using s where e.account_id = any (array[s.account_id]) and e.provider_message_id = s.provider_message_id),
        messages as (
          update transcript t
          set status = case when status_rank(s.early) > status_rank(s.status) then s.early else s.status end, status_at = s.now,
              provider_message_id = coalesce(s.provider_message_id, t.provider_message_id), reason = coalesce(s.reason, case when s.status = 'sent' then t.reason end),
              possibly_duplicate = t.possibly_duplicate or s.possibly_duplicate, attempts = coalesce(s.attempts, t.attempts), look_ups = coalesce(s.look_ups, t.look_ups),
              sent_at = case s.status when 'sent' then s.now else t.sent_at end,
              delivered_at = case s.early when 'delivered' then s.early_at else t.delivered_at end,
              read_at = case s.early when 'read' then s.early_at else t.read_at end
          from s
          where (s.status = 'sent' or s.open and s.status <> 'queued') and t.tenant_id = any (array[s.tenant_id]) and t.account_id = s.account_id and t.id = s.message_id
            and status_rank(s.status) > status_rank(t.status)),
        settled as (
          delete from outbox o using s
          where s.status in ('sent', 'failed') and o.tenant_id = any (array[s.tenant_id]) and o.account_id = s.account_id and o.message_id = s.message_id
            and (s.status = 'sent' or o.state = s.state and o.attempts = s.attempt and (s.state = 1 or not o.possibly_duplicate))),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
          select tenant_id, message_id, 'delivery.updated', account_id, conversation_id, message_id, jsonb_build_object('status', status)
          from s where open and status <> 'queued'
          on conflict do nothing),
        counted as (
          insert into channel_counter as c (tenant_id, account_id, messages_sent, messages_failed, last_error, last_error_at)
          select tenant_id, account_id, count(*) filter (where status = 'sent'), count(*) filter (where status = 'failed'),
                 max(reason) filter (where status <> 'sent'), max(now) filter (where status <> 'sent' and reason is not null)
          from s where open group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update
          set messages_sent = c.messages_sent + excluded.messages_sent, messages_failed = c.messages_failed + excluded.messages_failed,
              last_error = coalesce(excluded.last_error, c.last_error), last_error_at = coalesce(excluded.last_error_at, c.last_error_at))
        select message_id from s where attempts = attempt and (state = 1 or open)
        """;

    private const string Keep = """
        update outbox o
        set state = case s.status when 'unknown' then 2 else 0 end, next_attempt_at = s.next_attempt_at, reason = s.reason
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::int[])
          as s (tenant_id, account_id, message_id, status, next_attempt_at, reason, attempt)
        where o.tenant_id = any (array[s.tenant_id]) and o.account_id = s.account_id and o.message_id = s.message_id and o.state = 1 and o.attempts = s.attempt
        """;

    /// <summary>The attempt was the reply's last. A repetition finds it so as well, as long as the reply waits or is of unknown outcome.</summary>
    public bool IsCurrent { get; private set; }

    public override int Order => 6;

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        // Of several about one reply: that it was sent is true whoever says so, and else the last attempt is the one that counts.
        var operations = same.Cast<SettleOperation>()
            .OrderByDescending(operation => operation.Status == "sent").ThenByDescending(operation => operation.Of.Attempt)
            .DistinctBy(operation => operation.Of.Reply.Id).ToList();
        var byMessage = operations.ToDictionary(operation => operation.Of.Reply.Id.Value);

        // An attempt that was undone may have read results.
        operations.ForEach(operation => operation.IsCurrent = false);
        yield return Statement.Of(
            Settle,
            reader => byMessage[reader.GetGuid(0)].IsCurrent = true,
            Columns.Uuids(operations, operation => operation.Tenant.Value),
            Columns.Uuids(operations, operation => operation.Account.Value),
            Columns.Uuids(operations, operation => operation.Of.Reply.Id.Value),
            Columns.Uuids(operations, operation => operation.Of.Reply.Conversation.Value),
            Columns.Texts(operations, operation => operation.Status),
            Columns.Texts(operations, operation => operation.ProviderMessageId),
            Columns.Texts(operations, operation => operation.Reason),
            Columns.Times(operations, operation => operation.Now),
            Columns.Of(operations, operation => operation.Of.Attempt, NpgsqlDbType.Integer),
            Columns.Of(operations, operation => (short)(operation.Of.IsBegun ? OutboxState.Sending : OutboxState.Queued), NpgsqlDbType.Smallint));
        var kept = operations.Where(operation => operation.Status is "queued" or "unknown").ToList();
        if (kept.Count > 0)
        {
            yield return Statement.Of(
                Keep,
                Columns.Uuids(kept, operation => operation.Tenant.Value),
                Columns.Uuids(kept, operation => operation.Account.Value),
                Columns.Uuids(kept, operation => operation.Of.Reply.Id.Value),
                Columns.Texts(kept, operation => operation.Status),
                Columns.Of(kept, operation => operation.Of.NextAttemptAt, NpgsqlDbType.TimestampTz),
                Columns.Texts(kept, operation => operation.Reason),
                Columns.Of(kept, operation => operation.Of.Attempt, NpgsqlDbType.Integer));
        }
    }

    private SendSettlement Of => settlement;

    private DateTimeOffset Now => now;

    private string? ProviderMessageId => settlement.Outcome is SendOutcome.Accepted accepted ? accepted.ProviderMessageId : null;

    private string Status => settlement.Outcome switch
    {
        SendOutcome.Accepted => "sent",
        SendOutcome.Refused => "failed",
        SendOutcome.Unknown => "unknown",
        _ => "queued",
    };

    private string? Reason => settlement.Outcome switch
    {
        SendOutcome.Refused refused => $"{refused.Code}: {refused.Reason}",
        SendOutcome.Unknown unknown => unknown.Reason,
        SendOutcome.Blocked blocked => $"{blocked.Code}: {blocked.Reason}",
        SendOutcome.TryLater later => $"{later.Code}: {later.Reason}",
        _ => null,
    };
}
