using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Storage.History;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Queries;

/// <summary>How far a tenant's imports have come.</summary>
public sealed class HistoryImportQueries(TenantScope scope)
{
    /// <summary>The account's newest import; null when there was none.</summary>
    public async Task<HistoryImport?> FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(PostgresHistoryImports.Find, tenant.Value, account.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? PostgresHistoryImports.Read(rows) : null;
    }
}
