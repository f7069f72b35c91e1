using Channels.Core.Fairness;
using Npgsql;

namespace Channels.Storage.Tenancy;

/// <summary>What <see cref="TenantScope.QueryAsync"/> found. A connection is held until it is disposed, and with it a place of the tenant's share.</summary>
/// <remarks>Not by the reader's own event: a connection that breaks while the rest is read away raises none, and the place would be gone for ever.</remarks>
internal sealed class TenantRows(NpgsqlDataReader rows, FairGate.Place? place) : IAsyncDisposable
{
    private bool _isDisposed;

    /// <summary>Stands before the first row.</summary>
    public NpgsqlDataReader Rows => rows;

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            await rows.DisposeAsync();
        }
        finally
        {
            place?.Dispose();
        }
    }
}
