namespace Channels.Storage.Maintenance;

/// <summary>Says of each tenant up to where its events went, in the very transaction that takes them: whoever comes back with a cursor from before is told.</summary>
/// <remarks>Read by <see cref="Queries.EventQueries"/>. A row is covered, and goes, when a later trim took an event that is further on: whoever missed the one missed the other.</remarks>
internal static class EventTrims
{
    // Neither sees what the other writes: what is deleted is of earlier trims alone.
    private const string Tell = """
        told as (
          insert into event_trim (tenant_id, xid, id) select tenant_id, xid, id from last),
        covered as (
          delete from event_trim t using last l where t.tenant_id = l.tenant_id and (t.xid, t.id) <= (l.xid, l.id))
        """;

    /// <summary>Before a week is dropped: each tenant's last event in it. Two look-ups a tenant, however many events there are.</summary>
    public static string OfWeek(string week) => $"""
        with recursive last as (
          (select tenant_id, xid, id from {week} order by tenant_id desc, xid desc, id desc limit 1)
          union all
          select before.* from last l cross join lateral (
            select tenant_id, xid, id from {week} where tenant_id < l.tenant_id order by tenant_id desc, xid desc, id desc limit 1) as before),
        {Tell}
        select count(*) from last
        """;

    /// <summary>Deletes the events of some pages ($1 to $2) before an id ($3), and answers how many they were.</summary>
    public static string OfRows(string partition) => $"""
        with gone as (
          delete from {partition} where ctid >= $1::text::tid and ctid < $2::text::tid and id < $3 returning tenant_id, xid, id),
        last as (
          select distinct on (tenant_id) tenant_id, xid, id from gone order by tenant_id, xid desc, id desc),
        {Tell}
        select count(*) from gone
        """;
}
