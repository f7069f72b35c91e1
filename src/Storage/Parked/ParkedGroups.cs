using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Parked webhooks by what they were parked for.</summary>
/// <remarks>
/// Read from what <see cref="ParkedCounts"/> keeps. The webhooks themselves are looked at, at the ends of an index, for an example of each group, and for the oldest
/// and the newest where some have just gone. Costs by channels that have something parked, not by what is parked.
/// </remarks>
public sealed class ParkedGroups(TenantScope scope)
{
    // The first account of a group has its oldest. How many groups there are stands in each row, and in one without a group when the page is empty.
    private const string List = """
        with counted as materialized (
          select account_id, cause, sum(webhooks) as webhooks, min(oldest_at) as oldest_at, max(newest_at) as newest_at, max(last_parked_at) as last_parked_at,
                 bool_or(webhooks < 0) as less
          from parked_count where tenant_id = $1 and ($2::uuid is null or account_id = $2) and ($4::text is null or cause = drop_reason($4))
          group by account_id, cause having sum(webhooks) > 0),
        known as materialized (
          select c.account_id, c.cause, c.webhooks, c.last_parked_at, case when c.less then o.received_at else c.oldest_at end as oldest_at,
                 case when c.less then n.received_at else c.newest_at end as newest_at
          from counted c
          left join lateral (
            select p.received_at from parked_webhook p where c.less and p.tenant_id = $1 and p.account_id = c.account_id and p.cause = c.cause
            order by p.received_at limit 1) as o on true
          left join lateral (
            select p.received_at from parked_webhook p where c.less and p.tenant_id = $1 and p.account_id = c.account_id and p.cause = c.cause
            order by p.received_at desc limit 1) as n on true),
        groups as materialized (
          select a.kind, k.cause, case when $5 then k.account_id end as channel, sum(k.webhooks)::bigint as webhooks, count(*) as channels,
                 (array_agg(k.account_id order by k.oldest_at, k.account_id))[1] as first_account, min(k.oldest_at) as oldest_at, max(k.newest_at) as newest_at,
                 max(k.last_parked_at) as last_parked_at, coalesce(sum(k.webhooks) filter (where a.deleted_at is not null), 0)::bigint as of_deleted
          from known k join account a on a.tenant_id = $1 and a.id = k.account_id and ($3::text is null or a.kind = $3)
          group by 1, 2, 3),
        page as materialized (select * from groups order by webhooks desc, kind, cause, channel limit $6 offset $7)
        select t.total, g.kind, g.cause, g.webhooks, g.channels, g.first_account, g.oldest_at, g.newest_at, g.last_parked_at, e.id, g.of_deleted
        from (select count(*) as total from groups) as t
        left join page g on true
        left join lateral (
          select p.id from parked_webhook p where p.tenant_id = $1 and p.account_id = g.first_account and p.cause = g.cause order by p.received_at, p.id limit 1) as e on true
        order by g.webhooks desc, g.kind, g.cause, g.channel
        """;

    /// <summary>Groups, the largest first.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="filter">Which webhooks.</param>
    /// <param name="byChannel">Whether each channel makes groups of its own.</param>
    /// <param name="page">Which groups.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Paged<ParkedGroup>> ListAsync(TenantId tenant, ParkedFilter filter, bool byChannel, Page page, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(List, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, byChannel, page.Limit, page.Offset)], cancellationToken);
        var rows = reading.Rows;
        var (groups, total) = (ImmutableArray.CreateBuilder<ParkedGroup>(), 0L);
        while (await rows.ReadAsync(cancellationToken))
        {
            total = rows.GetInt64(0);
            // Without an example there is nothing to look at or to put back: counts and webhooks disagree, until they are counted anew.
            if (!rows.IsDBNull(1) && !rows.IsDBNull(6) && !rows.IsDBNull(8) && !rows.IsDBNull(9))
            {
                groups.Add(Read(rows));
            }
        }

        return new(groups.DrainToImmutable(), total);
    }

    private static ParkedGroup Read(NpgsqlDataReader row) => new(
        row.GetString(1), row.GetString(2), row.GetInt64(4) == 1 ? new AccountId(row.GetGuid(5)) : null, row.GetInt64(3), row.GetInt64(4),
        row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8), new WebhookId(row.GetGuid(9)), row.GetInt64(10));
}

/// <summary>Webhooks parked for one cause.</summary>
/// <param name="Kind">The channels' kind.</param>
/// <param name="Cause">Why.</param>
/// <param name="Account">The channel; null where there are several.</param>
/// <param name="Count">How many.</param>
/// <param name="Channels">Of how many channels.</param>
/// <param name="Oldest">When the first was received.</param>
/// <param name="Newest">When the last was.</param>
/// <param name="LastParkedAt">When one was last parked, whether or not it is still.</param>
/// <param name="Example">The oldest.</param>
/// <param name="OfDeleted">How many are of channels that were deleted: these stay.</param>
public sealed record ParkedGroup(
    string Kind, string Cause, AccountId? Account, long Count, long Channels, DateTimeOffset Oldest, DateTimeOffset Newest, DateTimeOffset LastParkedAt,
    WebhookId Example, long OfDeleted);
