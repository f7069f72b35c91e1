using System.Data;
using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>Runs SQL as one tenant: what serves a tenant's request sees that tenant's rows alone, whatever the statement says.</summary>
/// <remarks>
/// The second fence (row-level security, migration 0006); the first is <c>tenant_id = $1</c> in every <c>where</c>.
/// The pipeline's writers and sweeps, and whatever the operator asks, do not come through here: they run as the tables' owner.
/// A request holds one connection at a time, and as many of its tenant's as <paramref name="shares"/> lets it; null for what others wait for as well.
/// </remarks>
public sealed class TenantScope(NpgsqlDataSource db, ConnectionShares? shares = null)
{
    // Local to the transaction: a pooled connection never carries one tenant's view to the next request.
    // Planned for the values at hand: lists have filters that are mostly absent, and a plan for all cases reads everything. Sorted in memory: a tenant's
    // conversations may be a hundred thousand.
    private const string Enter = """
        select set_config('channels.tenant', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '16MB', true),
               set_config('role', 'channels_tenant', true)
        """;

    // Before the moment is taken: a half of the inbox that is cut afterwards would take what it held at that moment with it. The cut waits, and nothing else.
    private const string KeepInbox = "lock table inbox in access share mode";

    /// <summary>Runs statements in one round trip and one transaction. The reader stands on the first statement's rows; dispose what is returned before the next call.</summary>
    /// <exception cref="ShareTakenException">The tenant's share of the connections is taken.</exception>
    internal async Task<TenantRows> QueryAsync(TenantId tenant, NpgsqlBatchCommand[] statements, CancellationToken cancellationToken)
    {
        var place = await PlaceAsync(tenant, cancellationToken);
        try
        {
            return new(await RunAsync(tenant, statements, cancellationToken), place);
        }
        catch
        {
            place?.Dispose();
            throw;
        }
    }

    /// <summary>Runs one statement; answers how many rows it touched.</summary>
    internal async Task<int> ExecuteAsync(TenantId tenant, NpgsqlBatchCommand statement, CancellationToken cancellationToken)
    {
        await using (await QueryAsync(tenant, [statement], cancellationToken))
        {
            // Closing the reader runs the rest of the batch and throws what failed in it.
        }

        return (int)statement.Rows;
    }

    /// <summary>Opens a transaction as that tenant, for work of several steps. Rolled back unless committed.</summary>
    /// <exception cref="ShareTakenException">The tenant's share of the connections is taken.</exception>
    internal Task<TenantWork> BeginAsync(TenantId tenant, CancellationToken cancellationToken) => BeginAsync(tenant, tenant, IsolationLevel.ReadCommitted, cancellationToken);

    /// <summary>The same, with every statement seeing the store as it was at one moment, the inbox included.</summary>
    internal Task<TenantWork> SnapshotAsync(TenantId tenant, CancellationToken cancellationToken) => SnapshotAsync(tenant, tenant, cancellationToken);

    /// <summary>The same, of another's share: who looks through all tenants is not to wait for the requests of one.</summary>
    internal Task<TenantWork> SnapshotAsync(TenantId tenant, TenantId sharer, CancellationToken cancellationToken) =>
        BeginAsync(tenant, sharer, IsolationLevel.RepeatableRead, cancellationToken);

    private async Task<NpgsqlDataReader> RunAsync(TenantId tenant, NpgsqlBatchCommand[] statements, CancellationToken cancellationToken)
    {
        var batch = db.CreateBatch();
        batch.BatchCommands.Add(Sql.Statement(Enter, tenant.ToString()));
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement);
        }

        NpgsqlDataReader rows;
        try
        {
            rows = await batch.ExecuteReaderAsync(cancellationToken);
        }
        catch (PostgresException refused) when (!StoreFaults.IsUnavailable(refused))
        {
            // Of the first statement, ours: what is wrong with the others is thrown when their rows are asked for.
            throw Closed(refused);
        }

        try
        {
            await rows.NextResultAsync(cancellationToken);
            return rows;
        }
        catch
        {
            await rows.DisposeAsync();
            throw;
        }
    }

    private async Task<TenantWork> BeginAsync(TenantId tenant, TenantId sharer, IsolationLevel isolation, CancellationToken cancellationToken)
    {
        var place = await PlaceAsync(sharer, cancellationToken);
        TenantWork work;
        try
        {
            work = await TenantWork.BeginAsync(db, isolation, place, cancellationToken);
        }
        catch
        {
            place?.Dispose();
            throw;
        }

        try
        {
            if (isolation == IsolationLevel.RepeatableRead)
            {
                await work.ExecuteAsync(KeepInbox, cancellationToken);
            }

            await EnterAsync(work, tenant, cancellationToken);
            return work;
        }
        catch
        {
            await work.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<FairGate.Place?> PlaceAsync(TenantId sharer, CancellationToken cancellationToken) =>
        shares is null ? null : await shares.EnterAsync(sharer, cancellationToken);

    private static async Task EnterAsync(TenantWork work, TenantId tenant, CancellationToken cancellationToken)
    {
        try
        {
            await work.ExecuteAsync(Enter, cancellationToken, tenant.ToString());
        }
        catch (PostgresException refused) when (!StoreFaults.IsUnavailable(refused))
        {
            throw Closed(refused);
        }
    }

    // Not as it came: a role that is missing has the SQLSTATE of a value that is out of range, which would be the caller's fault.
    private static InvalidOperationException Closed(PostgresException refused) => new(
        $"The database lets nobody act for a tenant ({refused.SqlState}: {refused.MessageText}). The role channels_tenant must exist with the rights the migrations gave it, and the user we "
        + "connect as must be a member of it. Behind a backup, restore the server's roles first.",
        refused);
}
