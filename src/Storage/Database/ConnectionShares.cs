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

    /// <summary>For a request that has had a place before: it is done in part, and refused it would be done twice. Longer than any waits whose share is in use and not stuck.</summary>
    internal static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(30);

    private readonly AsyncLocal<Request?> _request = new();
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

    /// <summary>Whatever the caller and those it calls ask for from now on is one request: it is refused before it has begun, or hardly at all.</summary>
    public void Begin() => _request.Value = new Request();

    /// <summary>Waits until the tenant may use one more connection; dispose the place when it is given back.</summary>
    /// <exception cref="ShareTakenException">There was none for it in time.</exception>
    internal async ValueTask<FairGate.Place> EnterAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var request = _request.Value;
        using var patience = new CancellationTokenSource(request is { HasBegun: true } ? LongPatience : Patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var place = await _gate.EnterAsync(tenant, either.Token);
            request?.Begun();
            return place;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ShareTakenException();
        }
    }

    /// <summary>All but a quarter of it, and all but two where that is less: one listens all the time. One at least, however small it is.</summary>
    internal static int PlacesIn(int pool) => Math.Max(1, pool - Math.Max(2, pool / 4));

    private sealed class Request
    {
        private volatile bool _hasBegun;

        public bool HasBegun => _hasBegun;

        public void Begun() => _hasBegun = true;
    }
}

/// <summary>A request found no connection for its tenant in time. The store is well.</summary>
public sealed class ShareTakenException() : Exception(
    $"For {ConnectionShares.Patience.TotalSeconds:0} s or longer there was no connection to the store left for this tenant: too many requests that read or write are under way at once, most likely its own. "
    + "Send fewer at once, or ask for less with each.");
