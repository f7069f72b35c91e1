namespace Channels.Storage.Transcript;

/// <summary>The statements of <see cref="RecordOperation"/> that change how a conversation or an account stands, and no message. As in <see cref="RecordSql"/>.</summary>
internal static class EffectSql
{
    /// <summary>Gives conversations back to the agent, unless somebody took them over since. After the echoes of the same batch, whose pauses carry their own time.</summary>
    internal const string Resumptions = """
        with r as materialized (
          select distinct on (tenant_id, conversation_id) * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[]) as r (tenant_id, conversation_id, at, event_id)
          order by tenant_id, conversation_id, at desc),
        resumed as (
          update conversation c
          set resumed_at = r.at, paused_until = case when c.paused_at is null or c.paused_at < r.at then null else c.paused_until end
          from r
          where c.tenant_id = any (array[r.tenant_id]) and c.id = r.conversation_id and (c.resumed_at is null or c.resumed_at < r.at)
          returning c.tenant_id, c.account_id, c.id, r.event_id, c.paused_until)
        insert into event (tenant_id, id, type, account_id, conversation_id)
        select tenant_id, event_id, 'conversation.given_back', account_id, id from resumed where paused_until is null
        """;

    /// <summary>Who cannot be written to any more, or can again. Of two changes at the same moment the one that lets us try wins: a provider refuses in vain less harm than we do.</summary>
    internal const string Reach = """
        with r as materialized (
          select distinct on (tenant_id, conversation_id) *
          from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[]) as r (tenant_id, conversation_id, at, unreachable, event_id)
          order by tenant_id, conversation_id, at desc, unreachable nulls first),
        changed as (
          update conversation c
          set reach_changed_at = r.at, unreachable_since = case when r.unreachable is not null then r.at end, unreachable_reason = r.unreachable
          from r join conversation o on o.tenant_id = any (array[r.tenant_id]) and o.id = r.conversation_id
          where c.tenant_id = any (array[r.tenant_id]) and c.id = r.conversation_id
            and (c.reach_changed_at is null or c.reach_changed_at < r.at or (c.reach_changed_at = r.at and r.unreachable is null and c.unreachable_since is not null))
          returning c.tenant_id, c.account_id, c.id, r.event_id, r.unreachable, o.unreachable_since is not null as was_unreachable)
        insert into event (tenant_id, id, type, account_id, conversation_id, data)
        select tenant_id, event_id, case when unreachable is null then 'conversation.reachable' else 'conversation.unreachable' end, account_id, id,
               case when unreachable is not null then jsonb_build_object('reason', unreachable) end
        from changed where unreachable is not null or was_unreachable
        """;

    /// <summary>Holds accounts, or slows them. What is asked already is never shortened, so that the same said again changes nothing.</summary>
    internal const string Throttles = """
        with t as materialized (
          select tenant_id, account_id,
                 max(until) filter (where holds) as held_until, (array_agg(reason order by until desc) filter (where holds))[1] as held_reason,
                 max(until) filter (where not holds) as slowed_until, (array_agg(reason order by until desc) filter (where not holds))[1] as slowed_reason,
                 (array_agg(event_id order by until desc))[1] as event_id
          from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::boolean[], $5::text[], $6::uuid[]) as t (tenant_id, account_id, until, holds, reason, event_id)
          group by tenant_id, account_id),
        throttled as (
          update account a
          set held_until = greatest(a.held_until, t.held_until), slowed_until = greatest(a.slowed_until, t.slowed_until),
              held_reason = case when t.held_until > coalesce(a.held_until, '-infinity') then t.held_reason else a.held_reason end,
              slowed_reason = case when t.slowed_until > coalesce(a.slowed_until, '-infinity') then t.slowed_reason else a.slowed_reason end
          from t
          where a.tenant_id = any (array[t.tenant_id]) and a.id = any (array[t.account_id])
            and (t.held_until > coalesce(a.held_until, '-infinity') or t.slowed_until > coalesce(a.slowed_until, '-infinity'))
          returning a.tenant_id, a.id, t.event_id, t.held_until, t.slowed_until, coalesce(t.held_reason, t.slowed_reason) as reason)
        insert into event (tenant_id, id, type, account_id, data)
        select tenant_id, event_id, 'channel.account.throttled', id,
               jsonb_strip_nulls(jsonb_build_object('held_until', held_until, 'slowed_until', slowed_until, 'reason', reason))
        from throttled
        """;
}
