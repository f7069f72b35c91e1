using Channels.Core.Ids;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using NpgsqlTypes;

namespace Channels.Storage.Transcript;

/// <summary>Decides about held echoes: ours by id, ours by text where a send's outcome is unknown or was sent twice, or past the deadline somebody else's.</summary>
internal sealed class SettleEchoesOperation(TenantId tenant, AccountId account, DateTimeOffset now, DateTimeOffset takeoverUntil) : AccountOperation(tenant, account)
{
    /// <summary>How long after a reply was sent, or its last attempt began, an echo with its text may be its own.</summary>
    internal static readonly TimeSpan CopyWindow = TimeSpan.FromMinutes(30);

    /// <summary>How long a reply may have waited before it was sent. Only bounds what is read: what counts is when it was sent.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromDays(7);

    private const string OursById = """
        delete from held_echo h
        using unnest($1::uuid[], $2::uuid[]) as a (tenant_id, account_id)
        where h.tenant_id = any (array[a.tenant_id]) and h.account_id = a.account_id
          and exists (select from message_key k where k.account_id = h.account_id and k.provider_message_id = h.provider_message_id
                        and k.conversation_id = h.conversation_id and k.key_class = 'message' offset 0)
        """;

    // Sends by their conversation, as in RecordSql.Echoes. What waits to be sent once more has left if its first copy comes back. Files, places and cards without a word
    // have no text to tell them by: one is taken for what its conversation has of unknown outcome if that is a single one, of its sort, and the provider has not said that it
    // is not there. What waits to be sent once more is about to leave: taken for it, somebody's own picture would keep it from ever leaving.
    // Only for a while: whoever writes the same words days later means them.
    private const string OursByText = """
        with pairs as materialized (
          select distinct on (h.account_id, h.provider_message_id, h.conversation_id) h.*, o.message_id as sent_id, o.possibly_duplicate, o.attempts, o.look_ups,
                 count(*) over (partition by h.account_id, h.provider_message_id, h.conversation_id) as alike
          from unnest($1::uuid[], $2::uuid[], $3::interval[]) as a (tenant_id, account_id, copy_window)
          join held_echo h on h.tenant_id = any (array[a.tenant_id]) and h.account_id = a.account_id
          cross join lateral (
            select message_id, possibly_duplicate, attempts, look_ups from outbox
            where conversation_id = h.conversation_id and tenant_id is not distinct from h.tenant_id and account_id is not distinct from h.account_id
              and (state = 2 and (coalesce(h.text, '') <> '' or look_up_answer is distinct from 'the provider does not have it')
                   or state = 0 and possibly_duplicate and coalesce(h.text, '') <> '')
              and least(h.occurred_at, h.deadline) <= coalesce(sending_since, queued_at) + a.copy_window offset 0) as o
          cross join lateral (
            select from transcript t
            where t.tenant_id = h.tenant_id and t.account_id = h.account_id and t.id = o.message_id
              and case when coalesce(h.text, '') <> '' then t.text = h.text
                       else t.text = '' and h.kind = case when t.kind in ('message.location', 'message.contact') then 'echo.interactive'
                                                          when t.kind not in ('message.text', 'message.reaction') then 'echo.image' end end
            limit 1) as t
          order by h.account_id, h.provider_message_id, h.conversation_id, o.message_id),
        matched as materialized (
          select distinct on (p.tenant_id, p.account_id, p.sent_id) p.*,
                 case when status_rank(e.status) > status_rank('sent') then e.status else 'sent' end as status, case e.status when 'failed' then e.reason end as why,
                 e.status as early, e.at as early_at
          from pairs p left join early_receipt e on e.account_id = any (array[p.account_id]) and e.provider_message_id = p.provider_message_id
          where coalesce(p.text, '') <> '' or p.alike = 1
          order by p.tenant_id, p.account_id, p.sent_id, p.occurred_at),
        early as (
          delete from early_receipt e using matched m where e.account_id = any (array[m.account_id]) and e.provider_message_id = m.provider_message_id),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', sent_id from matched on conflict do nothing),
        sent as (
          update transcript t
          set status = m.status, status_at = m.occurred_at, provider_message_id = m.provider_message_id, reason = m.why, possibly_duplicate = m.possibly_duplicate,
              attempts = m.attempts, look_ups = m.look_ups, sent_at = m.occurred_at, delivered_at = case m.early when 'delivered' then m.early_at end,
              read_at = case m.early when 'read' then m.early_at end
          from matched m
          where t.tenant_id = any (array[m.tenant_id]) and t.account_id = m.account_id and t.id = m.sent_id and status_rank(t.status) < status_rank('sent')),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id, data)
          select tenant_id, sent_id, 'delivery.updated', account_id, conversation_id, sent_id, jsonb_build_object('status', status) from matched
          on conflict do nothing),
        settled as (
          delete from outbox o using matched m where o.tenant_id = any (array[m.tenant_id]) and o.account_id = m.account_id and o.message_id = m.sent_id),
        echoes as (
          delete from held_echo h using matched m
          where h.tenant_id = any (array[m.tenant_id]) and h.account_id = m.account_id and h.provider_message_id = m.provider_message_id and h.conversation_id = m.conversation_id),
        counters as (
          insert into channel_counter as c (tenant_id, account_id, messages_sent)
          select tenant_id, account_id, count(*) from matched group by tenant_id, account_id
          on conflict (tenant_id, account_id) do update set messages_sent = c.messages_sent + excluded.messages_sent)
        select account_id from matched
        """;

    // The first copy of a reply that was sent twice after a crash: its id died with the process, its text did not. While the second waits to be sent, the first settles it: see above.
    private const string OursTwice = """
        with copies as materialized (
          select h.tenant_id, h.account_id, h.provider_message_id, h.conversation_id, t.id as sent_id
          from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) as a (tenant_id, account_id, since, sent_since)
          join held_echo h on h.tenant_id = any (array[a.tenant_id]) and h.account_id = a.account_id
          cross join lateral (
            select t.id from transcript t
            where t.tenant_id = h.tenant_id and t.conversation_id = h.conversation_id and t.id >= a.since and t.outbound and t.possibly_duplicate and t.text = h.text
              and coalesce(t.sent_at, t.status_at, t.occurred_at) >= a.sent_since
              and not exists (select from outbox o where o.tenant_id = t.tenant_id and o.account_id = t.account_id and o.message_id = t.id and o.state = 0 offset 0)
            order by t.id limit 1) as t),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', sent_id from copies on conflict do nothing)
        delete from held_echo h using copies c
        where h.tenant_id = any (array[c.tenant_id]) and h.account_id = c.account_id and h.provider_message_id = c.provider_message_id and h.conversation_id = c.conversation_id
        """;

    // Not while a send is still under way in the chat: its answer decides. A deadline further away than any was given is over: the clock has been set back since.
    private const string Elsewhere = """
        with late as materialized (
          select h.*, a.pause_until
          from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[]) as a (tenant_id, account_id, now, pause_until, furthest)
          join held_echo h on h.tenant_id = any (array[a.tenant_id]) and h.account_id = a.account_id and (h.deadline <= a.now or h.deadline > a.furthest)
          where not exists (select from outbox o where o.conversation_id = h.conversation_id and o.tenant_id is not distinct from h.tenant_id
                              and o.account_id is not distinct from h.account_id and o.state = 1 offset 0)),
        keys as (
          insert into message_key (account_id, provider_message_id, conversation_id, key_class, revision, message_id)
          select account_id, provider_message_id, conversation_id, 'message', '', message_id from late on conflict do nothing),
        messages as (
          insert into transcript (tenant_id, account_id, id, conversation_id, outbound, author, kind, provider_message_id, text, status, occurred_at, details, sent_at)
          select tenant_id, account_id, message_id, conversation_id, true, author, kind, provider_message_id, text, 'sent', occurred_at, details, occurred_at from late),
        events as (
          insert into event (tenant_id, id, type, account_id, conversation_id, message_id)
          select tenant_id, message_id, 'message.sent_elsewhere', account_id, conversation_id, message_id from late),
        conversations as (
          update conversation c
          set last_message_at = greatest(c.last_message_at, f.newest),
              paused_until = case when c.resumed_at >= f.paused_at then c.paused_until else greatest(c.paused_until, f.pause_until) end,
              paused_at = greatest(c.paused_at, f.paused_at)
          from (select tenant_id, conversation_id, max(occurred_at) as newest, max(pause_until) filter (where pauses_agent) as pause_until,
                       max(occurred_at) filter (where pauses_agent) as paused_at
                from late group by tenant_id, conversation_id) as f
          where c.tenant_id = any (array[f.tenant_id]) and c.id = f.conversation_id
          returning c.id, coalesce(c.resumed_at < f.paused_at, true) as taken),
        echoes as (
          delete from held_echo h using late l
          where h.tenant_id = any (array[l.tenant_id]) and h.account_id = l.account_id and h.provider_message_id = l.provider_message_id and h.conversation_id = l.conversation_id)
        select account_id, conversation_id, pauses_agent and conversation_id in (select id from conversations where taken) from late
        """;

    private const string StillHeld = """
        select distinct a.account_id
        from unnest($1::uuid[], $2::uuid[]) as a (tenant_id, account_id)
        where exists (select from held_echo h where h.tenant_id = a.tenant_id and h.account_id = a.account_id offset 0)
        """;

    private readonly List<ConversationId> _takeovers = [];
    private bool _settledSends;
    private bool _stillHeld;

    public override int Order => 2;

    public EchoResult Result => new(_stillHeld, [.. _takeovers], _settledSends);

    public override IEnumerable<Statement> Statements(IReadOnlyList<AccountOperation> same)
    {
        var operations = same.Cast<SettleEchoesOperation>().DistinctBy(operation => operation.Account).ToList();
        var byAccount = same.Cast<SettleEchoesOperation>().ToLookup(operation => operation.Account.Value);

        // An attempt that was undone may have read results.
        Each(same.Cast<SettleEchoesOperation>(), operation =>
        {
            operation._takeovers.Clear();
            (operation._settledSends, operation._stillHeld) = (false, false);
        });
        return
        [
            Statement.Of(OursById, Tenants(operations), Accounts(operations)),
            Statement.Of(
                OursByText,
                reader => Each(byAccount[reader.GetGuid(0)], operation => operation._settledSends = true),
                Tenants(operations),
                Accounts(operations),
                Columns.Of(operations, _ => CopyWindow, NpgsqlDbType.Interval)),
            Statement.Of(
                OursTwice,
                Tenants(operations),
                Accounts(operations),
                Columns.Uuids(operations, operation => IdSource.Floor(operation.Now - LongestWait)),
                Columns.Times(operations, operation => operation.Now - CopyWindow)),
            Statement.Of(
                Elsewhere,
                reader =>
                {
                    if (reader.GetBoolean(2))
                    {
                        var conversation = new ConversationId(reader.GetGuid(1));
                        Each(byAccount[reader.GetGuid(0)], operation => operation._takeovers.Add(conversation));
                    }
                },
                Tenants(operations),
                Accounts(operations),
                Columns.Times(operations, operation => operation.Now),
                Columns.Times(operations, operation => operation.TakeoverUntil),
                Columns.Times(operations, operation => operation.Now + HeldEcho.Longest)),
            Statement.Of(
                StillHeld, reader => Each(byAccount[reader.GetGuid(0)], operation => operation._stillHeld = true), Tenants(operations), Accounts(operations)),
        ];
    }

    private DateTimeOffset Now => now;

    private DateTimeOffset TakeoverUntil => takeoverUntil;

    private static Npgsql.NpgsqlParameter Tenants(List<SettleEchoesOperation> operations) => Columns.Uuids(operations, operation => operation.Tenant.Value);

    private static Npgsql.NpgsqlParameter Accounts(List<SettleEchoesOperation> operations) => Columns.Uuids(operations, operation => operation.Account.Value);

    private static void Each(IEnumerable<SettleEchoesOperation> operations, Action<SettleEchoesOperation> act)
    {
        foreach (var operation in operations)
        {
            act(operation);
        }
    }
}
