using Channels.Core.Transcript;

namespace Channels.Storage.Conversations;

/// <summary>The statements of <see cref="FinishTurnOperation"/>. Each begins by locking the turns' rows, found by their key; the last deletes them.</summary>
internal static class FinishTurnSql
{
    /// <summary>Forgets the turns, queues their replies, and answers which were there: of two that end the same turn one finds it. Answers as well whose first attempt is begun with it.</summary>
    /// <remarks>
    /// What delivery keeps a place for is <c>sending</c> from the first, unless its contact is out of reach: that is delivery's to say (see <see cref="Outbox.BeginSendOperation"/>).
    /// The conversation is looked up where the row is made, for those alone; joining what the update of conversations returns would be a loop over both.
    /// </remarks>
    internal const string Finish = """
        with f as materialized (
          delete from turn t
          using unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::boolean[], $10::timestamptz[],
                       $11::timestamptz[], $12::int[], $13::boolean[])
            as f (tenant_id, account_id, conversation_id, turn_id, reply_id, text, reply_to, reason, agent_failed, now, asked_now_at, asks, reserved)
          where t.tenant_id = any (array[f.tenant_id]) and t.account_id = f.account_id and t.conversation_id = f.conversation_id and t.message_id = f.turn_id
          returning f.*, coalesce(f.asked_now_at, t.asked_at) as asked_at,
                    f.reserved and f.reply_id is not null and not exists (
                      select from conversation c
                      where c.tenant_id = f.tenant_id and c.id = f.conversation_id and out_of_reach_since(c.unreachable_since, c.contact_wrote_at) is not null offset 0) as begun),
        replies as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, reason, occurred_at, turn_id, asked_at, asks)
          select tenant_id, account_id, reply_id, conversation_id, true, 1, 'message.text', text, 'queued', reason, now, turn_id, asked_at, asks
          from f where reply_id is not null),
        queued as (
          insert into outbox (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at, sending_since)
          select tenant_id, account_id, reply_id, conversation_id, reply_to, begun::int, begun::int, now, case when begun then now end from f where reply_id is not null),
        conversations as (
          update conversation c set last_message_at = greatest(c.last_message_at, n.now)
          from (select tenant_id, conversation_id, max(now) as now from f where reply_id is not null group by tenant_id, conversation_id) as n
          where c.tenant_id = any (array[n.tenant_id]) and c.id = n.conversation_id),
        counters as (
          insert into channel_counter as c (tenant_id, account_id, messages_answered, replies_queued, last_error, last_error_at)
          select tenant_id, account_id, count(reply_id), count(reply_id), (array_agg(reason order by now desc) filter (where agent_failed))[1],
                 max(now) filter (where agent_failed)
          from f group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update
          set messages_answered = c.messages_answered + excluded.messages_answered, replies_queued = c.replies_queued + excluded.replies_queued,
              last_error = coalesce(excluded.last_error, c.last_error), last_error_at = coalesce(excluded.last_error_at, c.last_error_at))
        select turn_id, begun from f
        """;

    /// <summary>Writes to the message why it got no answer, or not the agent's, and counts those that got none.</summary>
    internal const string Reasons = $"""
        with r as materialized (
          select r.*, coalesce(r.asked_now_at, t.asked_at) as asked_at
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::boolean[], $7::timestamptz[], $8::timestamptz[], $9::int[])
            as r (tenant_id, account_id, conversation_id, turn_id, reason, answered, now, asked_now_at, asks)
          join turn t on t.tenant_id = any (array[r.tenant_id]) and t.account_id = r.account_id and t.conversation_id = r.conversation_id and t.message_id = r.turn_id
          for update of t),
        reasons as (
          update transcript t set reason = case when t.reason = '{TranscriptReasons.Deleted}' then t.reason else r.reason end, asked_at = r.asked_at, asks = r.asks from r
          where r.reason is not null and t.tenant_id = any (array[r.tenant_id]) and t.account_id = r.account_id and t.id = r.turn_id)
        insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
        select tenant_id, account_id, 'message', drop_reason(reason), count(*), max(now)
        from r where not answered group by tenant_id, account_id, drop_reason(reason)
        on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at
        """;

    /// <summary>Queues a long reply's second part and those behind it.</summary>
    internal const string MoreParts = """
        with p as materialized (
          select p.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[])
            as p (tenant_id, account_id, conversation_id, turn_id, reply_id, text, reason, now)
          join turn t on t.tenant_id = any (array[p.tenant_id]) and t.account_id = p.account_id and t.conversation_id = p.conversation_id and t.message_id = p.turn_id
          for update of t),
        replies as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, text, status, reason, occurred_at, turn_id)
          select tenant_id, account_id, reply_id, conversation_id, true, 1, 'message.text', text, 'queued', reason, now, turn_id from p),
        counters as (
          insert into channel_counter as c (tenant_id, account_id, replies_queued)
          select tenant_id, account_id, count(*) from p group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update set replies_queued = c.replies_queued + excluded.replies_queued)
        insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at)
        select tenant_id, account_id, reply_id, conversation_id, 0, 0, now from p
        """;

    /// <summary>Ends the messages that came in one burst with the turn's own.</summary>
    internal const string RestOfBurst = $"""
        with b as materialized (
          select b.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::boolean[], $8::timestamptz[])
            as b (tenant_id, account_id, conversation_id, turn_id, message_id, reason, answered, now)
          join turn t on t.tenant_id = any (array[b.tenant_id]) and t.account_id = b.account_id and t.conversation_id = b.conversation_id and t.message_id = b.turn_id
          for update of t),
        gone as (
          delete from turn t using b
          where t.tenant_id = any (array[b.tenant_id]) and t.account_id = b.account_id and t.conversation_id = b.conversation_id and t.message_id = b.message_id
          returning b.*),
        links as (
          update transcript t set turn_id = b.turn_id, reason = case when t.reason = '{TranscriptReasons.Deleted}' then t.reason else coalesce(b.reason, t.reason) end from gone b
          where t.tenant_id = any (array[b.tenant_id]) and t.account_id = b.account_id and t.id = b.message_id),
        unanswered as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select tenant_id, account_id, 'message', drop_reason(reason), count(*), max(now)
          from gone where not answered group by tenant_id, account_id, drop_reason(reason)
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        insert into channel_counter as c (tenant_id, account_id, messages_answered)
        select tenant_id, account_id, count(*) filter (where answered) from gone group by tenant_id, account_id
        on conflict (tenant_id, account_id) do update set messages_answered = c.messages_answered + excluded.messages_answered
        """;

    /// <summary>Silences the agent and tells whoever listens.</summary>
    internal const string HandOver = """
        with h as materialized (
          select h.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::timestamptz[], $8::timestamptz[])
            as h (tenant_id, account_id, conversation_id, turn_id, event_id, reason, until, now)
          join turn t on t.tenant_id = any (array[h.tenant_id]) and t.account_id = h.account_id and t.conversation_id = h.conversation_id and t.message_id = h.turn_id
          for update of t),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
          select tenant_id, event_id, 'conversation.handed_over', account_id, conversation_id, turn_id, jsonb_build_object('reason', reason) from h)
        update conversation c set paused_until = greatest(c.paused_until, h.until), paused_at = greatest(c.paused_at, h.now) from h where c.tenant_id = any (array[h.tenant_id]) and c.id = h.conversation_id
        """;

    /// <summary>Remembers what the contact may choose from.</summary>
    internal const string Offer = """
        with o as materialized (
          select o.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) as o (tenant_id, account_id, conversation_id, turn_id, options)
          join turn t on t.tenant_id = any (array[o.tenant_id]) and t.account_id = o.account_id and t.conversation_id = o.conversation_id and t.message_id = o.turn_id
          for update of t)
        update conversation c set options = o.options::jsonb from o where c.tenant_id = any (array[o.tenant_id]) and c.id = o.conversation_id
        """;

    /// <summary>Remembers how a turn ended that could be answered later. There is no row yet when its answer overtook the word that it would come later.</summary>
    internal const string Late = """
        with l as materialized (
          select l.*
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::timestamptz[], $7::bytea[])
            as l (tenant_id, account_id, conversation_id, turn_id, state, answer_by, answer_hash)
          join turn t on t.tenant_id = any (array[l.tenant_id]) and t.account_id = l.account_id and t.conversation_id = l.conversation_id and t.message_id = l.turn_id
          for update of t)
        insert into late_turn (tenant_id, turn_id, account_id, conversation_id, state, answer_by, answer_hash)
        select tenant_id, turn_id, account_id, conversation_id, state, answer_by, answer_hash from l
        on conflict (tenant_id, turn_id) do update set state = excluded.state, answer_hash = excluded.answer_hash
        """;
}
