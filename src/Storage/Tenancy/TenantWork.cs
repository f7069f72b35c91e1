using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>A transaction as one tenant; made by <see cref="TenantScope.BeginAsync"/>.</summary>
internal sealed class TenantWork(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    /// <summary>Runs one statement; answers how many rows it touched.</summary>
#pragma warning disable CA1068 // values last, as they are read
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        Sql.Add(command.Parameters, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Runs one statement and reads its rows; dispose the reader before the next call.</summary>
    public async Task<NpgsqlDataReader> QueryAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        Sql.Add(command.Parameters, values);
        return await command.ExecuteReaderAsync(cancellationToken);
    }
#pragma warning restore CA1068

    public Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
