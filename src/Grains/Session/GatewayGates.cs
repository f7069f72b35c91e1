using Channels.Core.Ids;
using Channels.Grains.Fairness;

namespace Channels.Grains.Session;

/// <summary>Lets a few sessions at a time reach one gateway, tenants in turn: one that comes back with hundreds of accounts must not be knocked over by us.</summary>
/// <remarks>Per process. A gate lives while somebody is in it or waits for it.</remarks>
internal sealed class GatewayGates(int atOnce)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (FairGate Gate, int Users)> _gates = new(StringComparer.OrdinalIgnoreCase);

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
    public async Task<IDisposable> EnterAsync(string gateway, TenantId tenant, CancellationToken cancellationToken)
    {
        FairGate gate;
        lock (_gate)
        {
            var (known, users) = _gates.TryGetValue(gateway, out var found) ? found : (new FairGate(atOnce), 0);
            gate = known;
            _gates[gateway] = (known, users + 1);
        }

        try
        {
            return new Place(this, gateway, await gate.EnterAsync(tenant, cancellationToken));
        }
        catch
        {
            Leave(gateway);
            throw;
        }
    }

    private void Leave(string gateway)
    {
        lock (_gate)
        {
            var (gate, users) = _gates[gateway];
            if (users == 1)
            {
                _gates.Remove(gateway);
            }
            else
            {
                _gates[gateway] = (gate, users - 1);
            }
        }
    }

    private sealed class Place(GatewayGates gates, string gateway, IDisposable place) : IDisposable
    {
        private GatewayGates? _gates = gates;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gates, null) is { } entered)
            {
                place.Dispose();
                entered.Leave(gateway);
            }
        }
    }
}
