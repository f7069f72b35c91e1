namespace Channels.Storage.Transcript;

/// <summary>Keeps which of a provider's numbered updates were passed over.</summary>
internal static class SequenceSql
{
    /// <summary>
    /// Between the highest number so far and a higher one lie those that have not come; one that comes late is taken out again. After six days without any, and where
    /// the numbers leap by more than ten thousand, the provider counts anew, and nothing is missing (Telegram chooses a number at random after a week without updates).
    /// What has been missing for a week is forgotten: nobody posts it any more.
    /// </summary>
    internal const string Advance = """
        with u as materialized (
          select u.tenant_id, u.account_id, min(u.number) as lowest, max(u.number) as highest, max(u.at) as at, range_agg(int8range(u.number, u.number, '[]')) as seen
          from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) as u (tenant_id, account_id, number, at)
          where exists (select from account a where a.tenant_id = u.tenant_id and a.id = u.account_id offset 0)
          group by u.tenant_id, u.account_id),
        n as materialized (
          select u.*, s.highest as before, s.missing_since,
                 s.highest is null or u.at - s.highest_at > interval '6 days' or u.highest - s.highest > 10000 as anew,
                 case
                   when s.highest is null or u.at - s.highest_at > interval '6 days' or u.highest - s.highest > 10000
                     then case when u.highest - u.lowest <= 10000 then int8multirange(int8range(u.lowest, u.highest)) else '{}'::int8multirange end
                   when u.highest > s.highest
                     then (case when s.missing_since < u.at - interval '7 days' then '{}'::int8multirange else s.missing end) + int8multirange(int8range(s.highest + 1, u.highest))
                   when s.missing_since < u.at - interval '7 days' then '{}'::int8multirange
                   else s.missing
                 end - u.seen as missing
          from u left join update_sequence s on s.tenant_id = any (array[u.tenant_id]) and s.account_id = u.account_id)
        insert into update_sequence as s (tenant_id, account_id, highest, highest_at, missing, missing_since)
        select tenant_id, account_id, case when anew then highest else greatest(before, highest) end, at, missing, case when isempty(missing) then null else at end from n
        on conflict (tenant_id, account_id) do update
        set highest = excluded.highest, highest_at = greatest(s.highest_at, excluded.highest_at), missing = excluded.missing,
            missing_since = case when isempty(excluded.missing) then null when isempty(s.missing) then excluded.missing_since
                                 when s.missing_since < excluded.highest_at - interval '7 days' then excluded.missing_since else s.missing_since end
        """;
}
