using Channels.Core.Ids;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Outbox;

/// <summary>Ends what waits for a person: replies that may have left, and texts that failed without ever leaving. Nothing else is touched, whatever is asked.</summary>
/// <remarks>
/// A send is repeated here on a person's word alone, and never while it is under way: only the state <c>unknown</c> is taken. Whoever looks the reply up at that
/// moment settles it as before, and what it finds then wins. A failed reply's row is gone, and with it what was attached: only what the transcript holds whole is
/// queued anew. The sweep finds a reply that is to be sent once more; nobody need be told.
/// </remarks>
public sealed class UnknownReplies(TenantScope scope, TimeProvider clock)
{
    // Found as a timeline is: under each channel, by primary key.
    private const string Found = """
        found as materialized (
          select o.* from account a
          cross join lateral (select account_id, message_id from outbox where tenant_id = $1 and account_id = a.id and message_id = $2 and state = 2 limit 1) as o
          where a.tenant_id = $1 limit 1)
        """;

    private const string Redrive = $"""
        with {Found},
        again as (
          update outbox o set state = 0, next_attempt_at = $3, queued_at = $3, possibly_duplicate = true, reason = null
          from found f where o.tenant_id = $1 and o.account_id = f.account_id and o.message_id = f.message_id and o.state = 2
          returning o.account_id, o.conversation_id, o.message_id),
        told as (
          update transcript t set status = 'queued', status_at = $3, reason = null, possibly_duplicate = true
          from again g where t.tenant_id = $1 and t.account_id = g.account_id and t.id = g.message_id)
        insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
        select $1, message_id, 'delivery.updated', account_id, conversation_id, message_id, jsonb_build_object('status', 'queued') from again
        """;

    // Texts that were taken before 0017 have no moment of sending, but the provider's id. What was given up may have left all the same, whoever said that it had not. The transcript's row decides: of two that come at once, the second finds it queued. Counted as queued once more, as it may fail once more: the counters only grow.
    private const string RedriveFailed = """
        with found as materialized (
          select t.* from account a
          cross join lateral (select account_id, id from transcript where tenant_id = $1 and account_id = a.id and id = $2 limit 1) as t
          where a.tenant_id = $1 and a.deleted_at is null limit 1),
        again as (
          update transcript t
          set status = 'queued', status_at = $3, reason = null, possibly_duplicate = t.possibly_duplicate or coalesce(t.reason like 'given-up:%', false)
          from found f
          where t.tenant_id = $1 and t.account_id = f.account_id and t.id = f.id and t.outbound and t.status = 'failed' and t.sent_at is null and t.provider_message_id is null
            and t.kind = 'message.text' and t.text is not null and coalesce(t.details, '{}') - 'reply_to' = '{}'
          returning t.account_id, t.conversation_id, t.id, coalesce(t.attempts, 0) as attempts, t.possibly_duplicate, t.details->>'reply_to' as reply_to),
        queued as (
          insert into outbox (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at, queued_at, possibly_duplicate)
          select $1, account_id, id, conversation_id, reply_to, 0, attempts, $3, $3, possibly_duplicate from again),
        counted as (
          insert into channel_counter as c (tenant_id, account_id, replies_queued) select $1, account_id, 1 from again
          on conflict (tenant_id, account_id) do update set replies_queued = c.replies_queued + 1)
        insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
        select $1, id, 'delivery.updated', account_id, conversation_id, id, jsonb_build_object('status', 'queued') from again
        """;

    private const string Settle = $"""
        with {Found},
        gone as (
          delete from outbox o using found f where o.tenant_id = $1 and o.account_id = f.account_id and o.message_id = f.message_id and o.state = 2
          returning o.account_id, o.conversation_id, o.message_id, o.attempts, o.look_ups, o.sending_since),
        told as (
          update transcript t
          set status = $4, status_at = $3, attempts = g.attempts, look_ups = g.look_ups, sent_at = case when $4 = 'sent' then coalesce(g.sending_since, $3) else t.sent_at end,
              reason = case when $4 = 'failed' then 'given-up: A person says that it was not sent.' end
          from gone g where t.tenant_id = $1 and t.account_id = g.account_id and t.id = g.message_id),
        counted as (
          insert into channel_counter as c (tenant_id, account_id, messages_sent, messages_failed)
          select $1, account_id, case when $4 = 'sent' then 1 else 0 end, case when $4 = 'failed' then 1 else 0 end from gone
          on conflict (tenant_id, account_id) do update
          set messages_sent = c.messages_sent + excluded.messages_sent, messages_failed = c.messages_failed + excluded.messages_failed)
        insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
        select $1, message_id, 'delivery.updated', account_id, conversation_id, message_id, jsonb_build_object('status', $4) from gone
        """;

    /// <summary>Sends it once more; one of unknown outcome is marked as possibly a duplicate. False when it is neither that nor a text that failed without leaving.</summary>
    public async Task<bool> RedriveAsync(TenantId tenant, MessageId message, CancellationToken cancellationToken) =>
        await scope.ExecuteAsync(tenant, Sql.Statement(Redrive, tenant.Value, message.Value, clock.GetUtcNow()), cancellationToken) == 1
        || await scope.ExecuteAsync(tenant, Sql.Statement(RedriveFailed, tenant.Value, message.Value, clock.GetUtcNow()), cancellationToken) == 1;

    /// <summary>Settles it by what a person saw in the chat. False when it is not a reply of unknown outcome.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="message">Which.</param>
    /// <param name="wasSent">Whether it is there.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<bool> SettleAsync(TenantId tenant, MessageId message, bool wasSent, CancellationToken cancellationToken) =>
        await scope.ExecuteAsync(tenant, Sql.Statement(Settle, tenant.Value, message.Value, clock.GetUtcNow(), wasSent ? "sent" : "failed"), cancellationToken) == 1;
}
