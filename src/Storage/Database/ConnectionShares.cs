using Channels.Core.Fairness;
using Channels.Core.Ids;
using Npgsql;

namespace Channels.Storage.Database;

/// <summary>How many of a pool's connections the requests of tenants hold at once, and of those each tenant.</summary>
/// <remarks>
/// A quarter of the pool is nobody's share: it is left to the directory that knows webhooks by it, to the grains' own reads and writes, and to readiness.
/// Of the rest a tenant holds no more than it leaves free, so that the next finds some at once; who waits is let in by tenant in turn, and not for ever.
/// Whoever holds a connection must not ask for a second one: a tenant that fills its share with firsts would wait for itself.
/// </remarks>
public sealed class ConnectionShares
{
    /// <summary>Longer than a list takes, shorter than whoever looks at it waits.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly FairGate _gate;
    private readonly TimeProvider _clock;

    /// <summary>Shares of that pool.</summary>
    public ConnectionShares(NpgsqlDataSource db, TimeProvider clock)
        : this(PlacesIn(new NpgsqlConnectionStringBuilder(db.ConnectionString).MaxPoolSize), clock)
    {
    }

    /// <summary>Shares of so many connections.</summary>
    internal ConnectionShares(int places, TimeProvider clock)
    {
        _gate = new FairGate(places) { LeavesRoom = true };
        _clock = clock;
    }

    /// <summary>Waits until the tenant may use one more connection; dispose the place when it is given back.</summary>
    /// <exception cref="ShareTakenException">There was none for it in time.</exception>
    internal async ValueTask<FairGate.Place> EnterAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await _gate.EnterAsync(tenant, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ShareTakenException();
        }
    }

    /// <summary>All but a quarter of it, and all but two where that is less: one listens all the time. One at least, however small it is.</summary>
    internal static int PlacesIn(int pool) => Math.Max(1, pool - Math.Max(2, pool / 4));
}

/// <summary>A request found no connection for its tenant in time; it was not begun. The store is well.</summary>
public sealed class ShareTakenException() : Exception(
    $"For {ConnectionShares.Patience.TotalSeconds:0} s there was no connection to the store left for this tenant: too many requests that read or write are under way at once, most likely its own. "
    + "Send fewer at once, or ask for less with each.");
