using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Queries;

/// <summary>What became of a channel's connection, newest first.</summary>
public sealed class StatusHistoryQueries(TenantScope scope)
{
    private const string List = """
        select id, status, code, reason, at from account_status_history where tenant_id = $1 and account_id = $2 order by id desc limit $3 offset $4
        """;

    private const string Count = """
        select count(*) from account_status_history where tenant_id = $1 and account_id = $2
        """;

    /// <summary>One page of it.</summary>
    public async Task<Paged<StatusChangeRow>> ListAsync(TenantId tenant, AccountId account, Page page, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant,
            [Sql.Statement(List, tenant.Value, account.Value, page.Limit, page.Offset), Sql.Statement(Count, tenant.Value, account.Value)],
            cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(
            row => new StatusChangeRow(row.GetGuid(0), row.GetString(1), row.Text(2), row.Text(3), row.GetFieldValue<DateTimeOffset>(4)), cancellationToken);
    }
}

/// <summary>One change of a channel's status.</summary>
public sealed record StatusChangeRow(Guid Id, string Status, string? Code, string? Reason, DateTimeOffset At);
