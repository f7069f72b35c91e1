using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Parked webhooks by what they were parked for.</summary>
/// <remarks>Costs by what is parked, which is little unless something is badly wrong; read from an index alone, without the bodies.</remarks>
public sealed class ParkedGroups(TenantScope scope)
{
    private const string Grouped = $"""
        select a.kind, p.cause, case when $5 then p.account_id end, count(*), count(distinct p.account_id), min(p.account_id::text),
               min(p.received_at), max(p.received_at), max(p.parked_at), min(p.id::text), count(*) filter (where a.deleted_at is not null)
        from parked_webhook p join account a on a.tenant_id = p.tenant_id and a.id = p.account_id
        where {ParkedFilter.Sql}
        group by 1, 2, 3
        """;

    private const string List = $"""
        {Grouped} order by 4 desc, 1, 2, 3 limit $6 offset $7
        """;

    private const string Count = $"""
        select count(*) from ({Grouped}) as g
        """;

    /// <summary>Groups, the largest first.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="filter">Which webhooks.</param>
    /// <param name="byChannel">Whether each channel makes groups of its own.</param>
    /// <param name="page">Which groups.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Paged<ParkedGroup>> ListAsync(TenantId tenant, ParkedFilter filter, bool byChannel, Page page, CancellationToken cancellationToken)
    {
        await using var rows = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(List, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, byChannel, page.Limit, page.Offset),
                Sql.Statement(Count, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, byChannel),
            ],
            cancellationToken);
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    private static ParkedGroup Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetInt64(4) == 1 ? new AccountId(Guid.Parse(row.GetString(5))) : null, row.GetInt64(3), row.GetInt64(4),
        row.GetFieldValue<DateTimeOffset>(6), row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8), new WebhookId(Guid.Parse(row.GetString(9))),
        row.GetInt64(10));
}

/// <summary>Webhooks parked for one cause.</summary>
/// <param name="Kind">The channels' kind.</param>
/// <param name="Cause">Why.</param>
/// <param name="Account">The channel; null where there are several.</param>
/// <param name="Count">How many.</param>
/// <param name="Channels">Of how many channels.</param>
/// <param name="Oldest">When the first was received.</param>
/// <param name="Newest">When the last was.</param>
/// <param name="LastParkedAt">When one was last parked.</param>
/// <param name="Example">The oldest.</param>
/// <param name="OfDeleted">How many are of channels that were deleted: these stay.</param>
public sealed record ParkedGroup(
    string Kind, string Cause, AccountId? Account, long Count, long Channels, DateTimeOffset Oldest, DateTimeOffset Newest, DateTimeOffset LastParkedAt,
    WebhookId Example, long OfDeleted);
