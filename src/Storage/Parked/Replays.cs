using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Replays of many parked webhooks: looked at beforehand, begun, watched, cancelled. <see cref="ReplayRunner"/> carries them out.</summary>
public sealed class Replays(TenantScope scope, ReplaySignal signal, TimeProvider clock)
{
    // Only what is parked by now: what is parked anew by being replayed does not go round.
    private const string Match = $"""
        from parked_webhook p join account a on a.tenant_id = p.tenant_id and a.id = p.account_id
        where {ParkedFilter.Sql} and a.deleted_at is null and p.parked_at <= $5
        """;

    private const string Preview = $"""
        select count(*), min(p.received_at), max(p.received_at) {Match}
        """;

    private const string First = $"""
        select p.id {Match} order by p.id limit $6
        """;

    private const string Insert = $"""
        with matched as materialized (select count(*) as n {Match})
        insert into replay (tenant_id, id, account_id, kind, reason, rate, matched, created_at, next_at, after_id, state, ended_at)
        select $1, $6, $2, $3, $4, $7, n, $5, case when n > 0 then $5::timestamptz end, '00000000-0000-0000-0000-000000000000',
               case when n > 0 then 'running' else 'done' end, case when n = 0 then $5::timestamptz end
        from matched
        on conflict do nothing
        """;

    private const string Columns = "id, account_id, kind, reason, rate, matched, replayed, state, created_at, ended_at";

    private const string Select = $"""
        select {Columns} from replay where tenant_id = $1 and id = $2
        """;

    private const string List = $"""
        select {Columns} from replay where tenant_id = $1 order by id desc limit $2 offset $3
        """;

    private const string Count = """
        select count(*) from replay where tenant_id = $1
        """;

    // The slice under way ends first: its row is locked.
    private const string Stop = """
        update replay set state = 'cancelled', next_at = null, ended_at = $3 where tenant_id = $1 and id = $2 and state = 'running'
        """;

    /// <summary>What a replay would do now, with the first <paramref name="examples"/> it would put back.</summary>
    public async Task<ReplayPreview> PreviewAsync(TenantId tenant, ParkedFilter filter, int examples, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var reading = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(Preview, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, now),
                Sql.Statement(First, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, now, examples),
            ],
            cancellationToken);
        var rows = reading.Rows;
        await rows.ReadAsync(cancellationToken);
        var (count, oldest, newest) = (rows.GetInt64(0), rows.Moment(1), rows.Moment(2));
        await rows.NextResultAsync(cancellationToken);
        return new(count, oldest, newest, await rows.ReadAllAsync(row => new WebhookId(row.GetGuid(0)), cancellationToken));
    }

    /// <summary>Begins one. The same id twice begins one.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="id">Its id.</param>
    /// <param name="filter">What is put back: all that is parked by now and fits.</param>
    /// <param name="rate">Webhooks a second.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ReplayRow> BeginAsync(TenantId tenant, Guid id, ParkedFilter filter, int rate, CancellationToken cancellationToken)
    {
        await scope.ExecuteAsync(
            tenant, Sql.Statement(Insert, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, clock.GetUtcNow(), id, rate), cancellationToken);
        signal.Set();
        return (await FindAsync(tenant, id, cancellationToken))!;
    }

    /// <summary>One replay, or null.</summary>
    public async Task<ReplayRow?> FindAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, id)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? Read(rows) : null;
    }

    /// <summary>Replays, newest first.</summary>
    public async Task<Paged<ReplayRow>> ListAsync(TenantId tenant, Page page, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(List, tenant.Value, page.Limit, page.Offset), Sql.Statement(Count, tenant.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    /// <summary>Stops one that runs; what was put back stays so. Answers how it is then, or null when there is none.</summary>
    public async Task<ReplayRow?> CancelAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await scope.ExecuteAsync(tenant, Sql.Statement(Stop, tenant.Value, id, clock.GetUtcNow()), cancellationToken);
        return await FindAsync(tenant, id, cancellationToken);
    }

    private static ReplayRow Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), new(row.Id(1) is { } account ? new AccountId(account) : null, row.Text(2), row.Text(3)), row.GetInt32(4), row.GetInt64(5), row.GetInt64(6),
        row.GetString(7), row.GetFieldValue<DateTimeOffset>(8), row.Moment(9));
}

/// <summary>What a replay would do.</summary>
public sealed record ReplayPreview(long Count, DateTimeOffset? Oldest, DateTimeOffset? Newest, ImmutableArray<WebhookId> First);

/// <summary>A replay of many.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Filter">What is put back.</param>
/// <param name="Rate">Webhooks a second.</param>
/// <param name="Matched">How many fitted when it began.</param>
/// <param name="Replayed">How many were put back so far.</param>
/// <param name="State"><c>running</c>, <c>done</c> or <c>cancelled</c>.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="EndedAt">When it ended.</param>
public sealed record ReplayRow(Guid Id, ParkedFilter Filter, int Rate, long Matched, long Replayed, string State, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);
