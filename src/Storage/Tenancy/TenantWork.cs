using System.Data;
using Channels.Core.Fairness;
using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>A transaction and the connection it runs on; as one tenant when <see cref="TenantScope.BeginAsync"/> made it. Rolled back unless committed.</summary>
/// <remarks>
/// Owns both, and lets go of them once: the driver gives a pooled connection's transaction object to whoever gets the connection next, so that a second
/// <c>Dispose</c> of it would roll back somebody else's work.
/// </remarks>
internal sealed class TenantWork : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly FairGate.Place? _place;
    private bool _isDisposed;

    private TenantWork(NpgsqlConnection connection, NpgsqlTransaction transaction, FairGate.Place? place)
    {
        _connection = connection;
        _transaction = transaction;
        _place = place;
    }

    /// <summary>Opens a connection and begins a transaction on it, as whoever the data source connects as.</summary>
    /// <param name="db">Whose connection.</param>
    /// <param name="isolation">Of the transaction.</param>
    /// <param name="place">Given back behind the connection; the caller's still when this fails.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<TenantWork> BeginAsync(NpgsqlDataSource db, IsolationLevel isolation, FairGate.Place? place, CancellationToken cancellationToken)
    {
        var connection = await db.OpenConnectionAsync(cancellationToken);
        try
        {
            return new(connection, await connection.BeginTransactionAsync(isolation, cancellationToken), place);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs one statement; answers how many rows it touched.</summary>
#pragma warning disable CA1068 // values last, as they are read
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, _connection, _transaction);
        Sql.Add(command.Parameters, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs one statement and reads its rows; dispose the reader before the next call.</summary>
    public async Task<NpgsqlDataReader> QueryAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, _connection, _transaction);
        Sql.Add(command.Parameters, values);
        return await command.ExecuteReaderAsync(cancellationToken);
    }
#pragma warning restore CA1068

    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    public Task RollbackAsync(CancellationToken cancellationToken) => _transaction.RollbackAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            await _transaction.DisposeAsync();
        }
        finally
        {
            try
            {
                await _connection.DisposeAsync();
            }
            finally
            {
                _place?.Dispose();
            }
        }
    }
}
