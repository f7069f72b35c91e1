using Channels.Core.Ids;
using Channels.Core.Fairness;

namespace Channels.Grains.Session;

/// <summary>Lets a few sessions at a time reach one gateway, tenants in turn: one that comes back with hundreds of accounts must not be knocked over by us.</summary>
/// <remarks>
/// Per process. What people ask for has places of its own: it does not stand in line behind hundreds of accounts that are due. A gate lives while
/// somebody is in it or waits for it.
/// </remarks>
internal sealed class GatewayGates(int atOnce)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Gateway, bool Asked), (FairGate Gate, int Users)> _gates = [];

    /// <summary>How many gateways are in use; for tests.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _gates.Count;
            }
        }
    }

    /// <summary>Waits for a place at the gateway, and gives it back when disposed.</summary>
    /// <param name="gateway">Its address, as its kind writes it.</param>
    /// <param name="tenant">Whose turn it takes.</param>
    /// <param name="asked">A person asked and waits.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IDisposable> EnterAsync(string gateway, TenantId tenant, bool asked, CancellationToken cancellationToken)
    {
        var key = (gateway.ToUpperInvariant(), asked);
        FairGate gate;
        lock (_gate)
        {
            var (known, users) = _gates.TryGetValue(key, out var found) ? found : (new FairGate(atOnce), 0);
            gate = known;
            _gates[key] = (known, users + 1);
        }

        try
        {
            return new Place(this, key, await gate.EnterAsync(tenant, cancellationToken));
        }
        catch
        {
            Leave(key);
            throw;
        }
    }

    private void Leave((string Gateway, bool Asked) key)
    {
        lock (_gate)
        {
            var (gate, users) = _gates[key];
            if (users == 1)
            {
                _gates.Remove(key);
            }
            else
            {
                _gates[key] = (gate, users - 1);
            }
        }
    }

    private sealed class Place(GatewayGates gates, (string Gateway, bool Asked) key, IDisposable place) : IDisposable
    {
        private GatewayGates? _gates = gates;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gates, null) is { } entered)
            {
                place.Dispose();
                entered.Leave(key);
            }
        }
    }
}
