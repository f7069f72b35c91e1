using Channels.Core.Events;
using Channels.Core.Transcript;

namespace Channels.Storage.Transcript;

/// <summary>The statements of <see cref="RecordOperation"/>, in the order they run in.</summary>
/// <remarks>Joins are from a short array to a table by its primary key, never between two arrays: the connections they run on know nested loops only (see <see cref="Database.ChannelsDatabase"/>).</remarks>
internal static class RecordSql
{
    /// <summary>
    /// Claims the messages' duplicate keys, inserts those that got theirs, with turn, event and counters, and answers which they were. Whoever comes second claims nothing
    /// and is counted with who was first.
    /// </summary>
    /// <remarks>
    /// One key comes once: what a batch brings several times is counted in <c>times</c> at its first message, and is 0 at the others. Which keys are new is asked with
    /// <c>in</c> among what is selected, which Postgres answers from a hash; as a condition it would become a loop over both. A message whose conversation is not there is refused, and all with
    /// it (<see cref="BatchRefusedException.NoSuchConversation"/>): whoever remembered the conversation did so over the loss of the store's last moments.
    /// </remarks>
    internal const string Messages = $"""
        {Parts.Claims}
        fresh as not materialized (select * from asked where claimed),
        {Parts.Waited}
        early as not materialized (select * from waited),
        {Parts.Insertions}
        """;

    /// <summary>
    /// The same with history among them. Keys are forgotten after a while and history comes from before: what is to be found near its own time is known as well; but for what only stood
    /// in for it until its file came (<see cref="EventKey.Placeholder"/>): it takes its place, with what was changed of it since.
    /// </summary>
    internal const string MessagesAndHistory = $"""
        {Parts.Claims}
        placeholders as materialized (
          select asked.id, asked.tenant_id, k.*
          from asked
          cross join lateral (
            select * from message_key k
            where k.account_id = asked.account_id and k.provider_message_id = asked.provider_message_id and k.conversation_id = asked.conversation_id
              and k.key_class = 'message' and k.revision = '{EventKey.Placeholder}' limit 1) as k
          where asked.claimed and asked.history and asked.key_class = 'message' and asked.revision <> '{EventKey.Placeholder}'),
        fresh as materialized (
          select * from asked
          where claimed and (not history or not exists (
            select from transcript t
            where t.tenant_id = asked.tenant_id and t.conversation_id = asked.conversation_id and t.id >= asked.near_from and t.id < asked.near_to
              and t.provider_message_id = asked.provider_message_id and t.id not in (select message_id from placeholders) offset 0))),
        replaced as (
          delete from transcript t using placeholders p
          where t.tenant_id = any (array[p.tenant_id]) and t.account_id = p.account_id and t.id = p.message_id and p.id in (select id from fresh)
          returning p.id, case when t.edited_at is not null then t.text end as text, t.reason is not distinct from '{Parts.Deleted}' as deleted, t.edited_at as changed_at),
        renamed as (
          update message_key k set message_id = p.id from placeholders p
          where k.account_id = any (array[p.account_id]) and k.provider_message_id = p.provider_message_id and k.conversation_id = p.conversation_id
            and k.key_class = p.key_class and k.revision = p.revision and p.id in (select id from fresh)),
        {Parts.Waited}
        early as materialized (select * from waited union all select * from replaced where deleted or changed_at is not null),
        {Parts.Insertions}
        """;

    /// <summary>Files to be fetched, of messages that were really recorded.</summary>
    internal const string Files = """
        insert into media_fetch (tenant_id, account_id, message_id, media, next_attempt_at, turn_waits_until)
        select f.tenant_id, f.account_id, f.message_id, f.media::jsonb, f.now, f.turn_waits_until
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[])
          as f (tenant_id, account_id, message_id, media, now, turn_waits_until)
        where exists (select from transcript t where t.tenant_id = f.tenant_id and t.account_id = f.account_id and t.id = f.message_id offset 0)
        on conflict do nothing
        """;

    /// <summary>
    /// Own messages: known ones are ours and done with, as is the first copy of a reply that was sent twice after a crash (its id died with the process, its text did not);
    /// while a send is under way in the chat, or one that may have left waits to be sent once more, they are held: they may be what settles it. Else somebody wrote them elsewhere. A take-over is only what paused its
    /// conversation: given back since, it stays so.
    /// </summary>
    /// <remarks>
    /// Sends are looked for under their conversation: an account may have fifty thousand replies queued, and each one's echo would read them all.
    /// <c>is not distinct from</c> is a fence: no index can look it up, so that the key, which is led by tenant and account, does not offer itself.
    /// </remarks>
    internal const string Echoes = """
        with e as materialized (
          select e.*,
                 exists (select from outbox o where o.conversation_id = e.conversation_id and o.tenant_id is not distinct from e.tenant_id
                           and o.account_id is not distinct from e.account_id and (o.state in (1, 2) or o.possibly_duplicate)) as sending,
                 case when not known then (
                   select t.id from transcript t where t.tenant_id = e.tenant_id and t.conversation_id = e.conversation_id and t.id >= e.since
                     and t.outbound and t.possibly_duplicate and t.text = e.text and coalesce(t.sent_at, t.status_at, t.occurred_at) >= e.sent_since
                     and not exists (select from outbox o where o.tenant_id = t.tenant_id and o.account_id = t.account_id and o.message_id = t.id and o.state = 0 offset 0)
                   order by t.id limit 1) end as repeated
          from (
            select e.*,
                   exists (select from message_key k where k.account_id = any (array[e.account_id]) and k.provider_message_id = e.provider_message_id
                             and k.conversation_id = e.conversation_id and k.key_class = 'message') as known
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::text[], $9::text[], $10::timestamptz[],
                        $11::timestamptz[], $12::boolean[], $13::timestamptz[], $14::uuid[], $15::timestamptz[])
              as e (tenant_id, account_id, id, conversation_id, provider_message_id, kind, author, text, details, occurred_at, deadline, pauses_agent, pause_until, since, sent_since)
            offset 0) as e),
        held as (
          insert into held_echo (tenant_id, account_id, message_id, conversation_id, provider_message_id, kind, author, text, details, occurred_at, deadline, pauses_agent)
          select tenant_id, account_id, id, conversation_id, provider_message_id, kind, author, text, details::jsonb, occurred_at, deadline, pauses_agent
          from e where not known and repeated is null and sending
          on conflict do nothing),
        copies as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', repeated from e where not known and repeated is not null on conflict do nothing),
        elsewhere as materialized (
          select distinct on (account_id, provider_message_id, conversation_id) * from e where not known and repeated is null and not sending
          order by account_id, provider_message_id, conversation_id, id),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', id from elsewhere on conflict do nothing),
        messages as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, occurred_at, details, sent_at)
          select tenant_id, account_id, id, conversation_id, true, author, kind, provider_message_id, text, 'sent', occurred_at, details::jsonb, occurred_at from elsewhere),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id)
          select tenant_id, id, 'message.sent_elsewhere', account_id, conversation_id, id from elsewhere),
        conversations as (
          update conversation c
          set last_message_at = greatest(c.last_message_at, f.newest),
              paused_until = case when c.resumed_at >= f.paused_at then c.paused_until else greatest(c.paused_until, f.pause_until) end,
              paused_at = greatest(c.paused_at, f.paused_at)
          from (select tenant_id, conversation_id, max(occurred_at) as newest, max(pause_until) filter (where pauses_agent) as pause_until,
                       max(occurred_at) filter (where pauses_agent) as paused_at
                from elsewhere group by tenant_id, conversation_id) as f
          where c.tenant_id = any (array[f.tenant_id]) and c.id = f.conversation_id
          returning c.id, coalesce(c.resumed_at < f.paused_at, true) as taken)
        select id, case when known or repeated is not null then 'known' when sending then 'held'
                        when conversation_id not in (select id from conversations) then no_such_conversation(conversation_id)::text
                        when pauses_agent and conversation_id in (select id from conversations where taken) then 'takeover' else 'program' end, conversation_id from e
        """;

    /// <summary>
    /// Replies of ours under way, of unknown outcome, or waiting to be sent once more that a receipt names by our own id: they left, under the id of the receipt. Before the receipts themselves,
    /// which then find the message, move its status and tell of it. Whoever still waits for the provider's answer finds the reply settled.
    /// </summary>
    internal const string Proven = """
        with r as materialized (
          select distinct on (r.tenant_id, r.account_id, r.message_id) r.*, o.conversation_id, o.possibly_duplicate, o.attempts, o.look_ups
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[]) as r (tenant_id, account_id, provider_message_id, message_id, at)
          cross join lateral (
            select conversation_id, possibly_duplicate, attempts, look_ups from outbox
            where tenant_id = r.tenant_id and account_id = r.account_id and message_id = r.message_id and (state in (1, 2) or possibly_duplicate) offset 0) as o
          order by r.tenant_id, r.account_id, r.message_id, r.at),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', message_id from r on conflict do nothing),
        sent as (
          update transcript t
          set provider_message_id = r.provider_message_id, reason = null, possibly_duplicate = t.possibly_duplicate or r.possibly_duplicate,
              attempts = r.attempts, look_ups = r.look_ups, sent_at = r.at
          from r
          where t.tenant_id = any (array[r.tenant_id]) and t.account_id = r.account_id and t.id = r.message_id and status_rank(t.status) < status_rank('sent')),
        settled as (
          delete from outbox o using r where o.tenant_id = any (array[r.tenant_id]) and o.account_id = r.account_id and o.message_id = r.message_id)
        insert into channel_counter as c (tenant_id, account_id, messages_sent)
        select tenant_id, account_id, count(*) from r group by tenant_id, account_id
        on conflict (tenant_id, account_id) do update set messages_sent = c.messages_sent + excluded.messages_sent
        """;

    /// <summary>Moves delivery states forward; keeps a receipt whose message is not known yet.</summary>
    /// <remarks>A message has one event of its own in a transaction: who reads that somebody wrote it elsewhere, in the same one, finds it with its state.</remarks>
    internal const string Receipts = """
        with r as materialized (
          select r.*, k.message_id
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])
            as r (tenant_id, account_id, provider_message_id, conversation_id, status, reason, at)
          left join lateral (
            select k.message_id from message_key k
            where k.account_id = any (array[r.account_id]) and k.provider_message_id = r.provider_message_id and k.key_class = 'message'
            order by k.conversation_id = r.conversation_id desc nulls last limit 1) as k on true),
        best as materialized (
          select distinct on (account_id, message_id) * from r where message_id is not null
          order by account_id, message_id, status_rank(status) desc),
        moved as (
          update transcript t set status = b.status, status_at = b.at, reason = case when b.status = 'failed' then b.reason else t.reason end,
              sent_at = case b.status when 'sent' then b.at else t.sent_at end,
              delivered_at = case b.status when 'delivered' then b.at else t.delivered_at end,
              read_at = case b.status when 'read' then b.at else t.read_at end
          from best b
          where t.tenant_id = any (array[b.tenant_id]) and t.account_id = b.account_id and t.id = b.message_id and t.outbound
            and status_rank(b.status) > status_rank(t.status)
          returning t.tenant_id, t.id, t.account_id, t.conversation_id, t.status),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
          select tenant_id, id, 'delivery.updated', account_id, conversation_id, id, jsonb_build_object('status', status) from moved
          on conflict do nothing)
        insert into early_receipt as e (account_id, provider_message_id, status, reason, at)
        select distinct on (account_id, provider_message_id) account_id, provider_message_id, status, reason, at from r where message_id is null
        order by account_id, provider_message_id, status_rank(status) desc
        on conflict (account_id, provider_message_id) do update
        set status = excluded.status, reason = excluded.reason, at = excluded.at where status_rank(excluded.status) > status_rank(e.status)
        """;

    /// <summary>
    /// Edits and deletions. The latest edit stands, of two at the same moment the one that came last; a deleted message keeps its row and loses its text, for good. Those of messages we do
    /// not have wait for them: the provider's webhooks are not ordered. Answers the conversations whose turns are other ones than was told.
    /// </summary>
    /// <remarks>An edit that does not say when it was made may be an old one, told late: it never replaces an edit that does. A deletion is the last there is to say, whatever the clocks said.</remarks>
    internal const string Changes = $"""
        with given as materialized (
          select c.*, k.message_id
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[], $8::timestamptz[]) with ordinality
            as c (tenant_id, account_id, conversation_id, provider_message_id, text, deleted, at, now, n)
          left join lateral (
            select k.message_id from message_key k
            where k.account_id = any (array[c.account_id]) and k.provider_message_id = c.provider_message_id and k.key_class = 'message'
              and (c.conversation_id is null or k.conversation_id = c.conversation_id)
            limit 1) as k on true),
        c as materialized (
          select distinct on (account_id, message_id) * from given where message_id is not null
          order by account_id, message_id, deleted desc, at desc nulls last, n desc),
        early as (
          insert into early_change as e (tenant_id, account_id, provider_message_id, conversation_id, text, deleted, changed_at, at)
          select distinct on (tenant_id, account_id, provider_message_id, coalesce(conversation_id, {Parts.NoConversation}))
                 tenant_id, account_id, provider_message_id, coalesce(conversation_id, {Parts.NoConversation}), case when deleted then null else text end, deleted, at, now
          from given where message_id is null
          order by tenant_id, account_id, provider_message_id, coalesce(conversation_id, {Parts.NoConversation}), deleted desc, at desc nulls last, n desc
          on conflict (tenant_id, account_id, provider_message_id, conversation_id) do update
          set text = case when excluded.deleted then null else coalesce(excluded.text, e.text) end, deleted = excluded.deleted,
              changed_at = coalesce(excluded.changed_at, e.changed_at), at = excluded.at
          where not e.deleted and (excluded.deleted or e.changed_at is null or e.changed_at <= excluded.changed_at)),
        changed as (
          update transcript t
          set text = case when c.deleted then null else coalesce(c.text, t.text) end, edited_at = coalesce(c.at, t.edited_at),
              reason = case when c.deleted then '{Parts.Deleted}' else t.reason end
          from c
          where t.tenant_id = any (array[c.tenant_id]) and t.account_id = c.account_id and t.id = c.message_id
            and t.reason is distinct from '{Parts.Deleted}' and (c.deleted or t.edited_at is null or t.edited_at <= c.at)
          returning t.tenant_id, t.account_id, t.conversation_id, t.id, c.n)
        select n, conversation_id from changed c
        where exists (
          select from turn t where t.tenant_id = c.tenant_id and t.account_id = c.account_id and t.conversation_id = c.conversation_id and t.message_id = c.id offset 0)
        """;

    /// <summary>Names and pictures; what is unknown now never overwrites what is known. Those of people without a conversation are counted.</summary>
    internal const string Contacts = """
        with given as materialized (
          select c.*, a.conversation_id
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) with ordinality
            as c (tenant_id, account_id, alias, name, avatar_url, now, n)
          left join conversation_alias a on a.tenant_id = any (array[c.tenant_id]) and a.account_id = c.account_id and a.alias = c.alias),
        c as materialized (
          select distinct on (tenant_id, conversation_id) tenant_id, conversation_id, name, avatar_url
          from given where conversation_id is not null order by tenant_id, conversation_id, n desc),
        strangers as (
          insert into drop_counter as k (tenant_id, account_id, what, reason, dropped, last_at)
          select tenant_id, account_id, 'event', 'name or picture of somebody without a conversation', count(*), max(now)
          from given where conversation_id is null group by tenant_id, account_id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = k.dropped + excluded.dropped, last_at = excluded.last_at)
        update conversation v
        set contact_name = coalesce(c.name, v.contact_name), contact_avatar_url = coalesce(c.avatar_url, v.contact_avatar_url)
        from c
        where v.tenant_id = any (array[c.tenant_id]) and v.id = c.conversation_id
          and (coalesce(c.name, v.contact_name) is distinct from v.contact_name or coalesce(c.avatar_url, v.contact_avatar_url) is distinct from v.contact_avatar_url)
        """;

    /// <summary>Puts unreadable webhooks aside, and counts those that were there.</summary>
    internal const string Parked = """
        with gone as (
          delete from inbox i
          using unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) as p (tenant_id, account_id, id, reason, at)
          where i.tenant_id = any (array[p.tenant_id]) and i.account_id = p.account_id and i.id = p.id
          returning i.*, p.reason, p.at),
        parked as (
          insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
          select tenant_id, account_id, id, received_at, at, reason, path, body from gone
          on conflict do nothing)
        insert into channel_counter as c (tenant_id, account_id, webhooks_parked, last_error, last_error_at)
        select tenant_id, account_id, count(*), (array_agg(reason order by id desc))[1], max(at) from gone group by tenant_id, account_id
        on conflict (tenant_id, account_id) do update
        set webhooks_parked = c.webhooks_parked + excluded.webhooks_parked, last_error = excluded.last_error, last_error_at = excluded.last_error_at
        """;

    /// <summary>Forgets webhooks that are done with, and counts those that were there: what is finished twice is counted once.</summary>
    internal const string Finished = """
        with gone as (
          delete from inbox i
          using unnest($1::uuid[], $2::uuid[], $3::uuid[]) as f (tenant_id, account_id, id)
          where i.tenant_id = any (array[f.tenant_id]) and i.account_id = f.account_id and i.id = f.id
          returning i.tenant_id, i.account_id)
        insert into channel_counter as c (tenant_id, account_id, webhooks_finished)
        select tenant_id, account_id, count(*) from gone group by tenant_id, account_id
        on conflict (tenant_id, account_id) do update set webhooks_finished = c.webhooks_finished + excluded.webhooks_finished
        """;

    /// <summary>Counts what has no row of its own, by reason: nothing vanishes unseen.</summary>
    internal const string Dropped = """
        insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
        select tenant_id, account_id, 'event', drop_reason(reason), sum(dropped), max(now)
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::timestamptz[]) as d (tenant_id, account_id, reason, dropped, now)
        group by tenant_id, account_id, drop_reason(reason)
        on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at
        """;

    /// <summary>What the two ways to record messages share.</summary>
    private static class Parts
    {
        /// <summary>Stands for the conversation of what names none, where there must be one.</summary>
        internal const string NoConversation = "'00000000-0000-0000-0000-000000000000'::uuid";

        internal const string Deleted = TranscriptReasons.Deleted;

        internal const string Claims = """
            with m as materialized (
              select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[], $6::smallint[], $7::text[], $8::text[], $9::text[], $10::text[],
                          $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[], $18::boolean[], $19::boolean[],
                          $20::timestamptz[], $21::timestamptz[], $22::uuid[], $23::uuid[], $24::int[])
                as m (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, key_class, revision,
                      text, status, reason, sender_id, sender_name, occurred_at, details, starts_turn, history, received_at, now, near_from, near_to, times)),
            keys as (
              insert into message_key as k (account_id, provider_message_id, conversation_id, key_class, revision, message_id, repeats, repeated_at)
              select account_id, provider_message_id, conversation_id, key_class, revision, id, times - 1, case when times > 1 then now end from m where times > 0
              on conflict (account_id, provider_message_id, conversation_id, key_class, revision) do update
              set repeats = k.repeats + excluded.repeats + 1, repeated_at = (select max(now) from m)
              returning message_id),
            asked as materialized (select m.*, m.id in (select message_id from keys) as claimed from m),
            """;

        internal const string Waited = $"""
            waited as materialized (
              delete from early_change e using fresh m
              where e.tenant_id = any (array[m.tenant_id]) and e.account_id = m.account_id and e.provider_message_id = m.provider_message_id
                and e.conversation_id = any (array[m.conversation_id, {NoConversation}]) and m.key_class = 'message'
              returning m.id, e.text, e.deleted, e.changed_at),
            """;

        internal const string Insertions = $"""
            changes as materialized (select distinct on (id) * from early order by id, deleted desc, changed_at desc nulls last),
            landed as materialized (
              select m.*, e.id is not null as changed, coalesce(e.deleted, false) as deleted, e.text as new_text, e.changed_at as edited_at,
                     m.starts_turn and coalesce(not e.deleted, true) as answered, case when e.deleted then '{Deleted}' else m.reason end as why
              from fresh m left join changes e on e.id = m.id),
            messages as (
              insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, reason,
                                      sender_id, sender_name, occurred_at, details, received_at, edited_at)
              select tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, case when not deleted then coalesce(new_text, text) end, status, why,
                     sender_id, sender_name, occurred_at, details::jsonb, received_at, edited_at
              from landed),
            unanswered as (
              insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
              select tenant_id, account_id, 'message', drop_reason(why), count(*), max(now)
              from landed where not outbound and not history and not answered group by tenant_id, account_id, drop_reason(why)
              on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at),
            turns as (
              insert into turn (tenant_id, account_id, conversation_id, message_id)
              select tenant_id, account_id, conversation_id, id from landed where answered),
            events as (
              insert into event (tenant_id, id, type, account_id, conversation_id, message_id)
              select tenant_id, id, case when outbound then 'message.sent_elsewhere' else 'message.received' end, account_id, conversation_id, id
              from fresh where not history),
            conversations as (
              update conversation c set last_message_at = greatest(c.last_message_at, f.newest), contact_wrote_at = greatest(c.contact_wrote_at, f.wrote)
              from (select tenant_id, conversation_id, max(occurred_at) as newest,
                           max(occurred_at) filter (where author = 0 and not outbound and not history and not starts_with(kind, 'system.')) as wrote
                    from fresh group by tenant_id, conversation_id) as f
              where c.tenant_id = any (array[f.tenant_id]) and c.id = f.conversation_id
              returning c.id),
            counters as (
              insert into channel_counter as c (tenant_id, account_id, messages_received, duplicates_dropped, last_message_at)
              select tenant_id, account_id, count(*) filter (where claimed and not outbound and not history), count(*) filter (where not claimed),
                     max(occurred_at) filter (where claimed and not history)
              from asked group by tenant_id, account_id
              on conflict (tenant_id, account_id) do update
              set messages_received = c.messages_received + excluded.messages_received, duplicates_dropped = c.duplicates_dropped + excluded.duplicates_dropped,
                  last_message_at = greatest(c.last_message_at, excluded.last_message_at))
            select case when conversation_id in (select id from conversations) then id else no_such_conversation(conversation_id) end, changed and starts_turn from landed
            """;
    }
}
