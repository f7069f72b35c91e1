using Channels.Core.Ids;
using Channels.Core.Fairness;

namespace Channels.Grains.Session;

/// <summary>Lets a few sessions at a time reach one gateway, tenants in turn: one that comes back with hundreds of accounts must not be knocked over by us.</summary>
/// <remarks>
/// What is due by itself is asked at a pace besides: after a longer stop everything is due at once, and a gateway that answers quickly would be asked for all of it
/// within a second or two. Per process. What people ask for has places of its own: it does not stand in line behind hundreds of accounts that are due. A gate lives while
/// somebody is in it or waits for it.
/// </remarks>
/// <param name="atOnce">How many reach one gateway at once; as many again of those a person waits for.</param>
/// <param name="perSecond">How many that are due by themselves reach one gateway in a second.</param>
/// <param name="clock">Measures the pace.</param>
internal sealed class GatewayGates(int atOnce, int perSecond, TimeProvider clock)
{
    /// <summary>So much of a second's share may come together.</summary>
    private const double Together = 0.25;

    private readonly long _step = clock.TimestampFrequency / perSecond;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Gateway, bool Asked), Gateway> _gates = [];

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
        Gateway entered;
        lock (_gate)
        {
            entered = _gates.TryGetValue(key, out var known) ? known : _gates[key] = new Gateway(new FairGate(atOnce));
            entered.Users++;
        }

        FairGate.Place? place = null;
        try
        {
            place = await entered.Gate.EnterAsync(tenant, cancellationToken);
            if (!asked && Wait(entered) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, clock, cancellationToken);
            }

            return new Place(this, key, place.Value);
        }
        catch
        {
            place?.Dispose();
            Leave(key);
            throw;
        }
    }

    // The moment of the next one moves by a step with each. Who comes a little before it may go in at once.
    private TimeSpan Wait(Gateway gateway)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            var moment = Math.Max(now, gateway.Next ?? now);
            gateway.Next = moment + _step;
            return clock.GetElapsedTime(now, moment) - TimeSpan.FromSeconds(Together);
        }
    }

    private void Leave((string Gateway, bool Asked) key)
    {
        lock (_gate)
        {
            if (--_gates[key].Users == 0)
            {
                _gates.Remove(key);
            }
        }
    }

    private sealed class Gateway(FairGate gate)
    {
        public FairGate Gate => gate;

        public int Users { get; set; }

        /// <summary>When the next one would be in time.</summary>
        public long? Next { get; set; }
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
