using System.Collections.Concurrent;
using Channels.Core.Fairness;

namespace Channels.Core.Tests.Fairness;

/// <summary>Many who come, give up, go on and off rations at once: everyone gets in eventually and no place is lost.</summary>
public sealed class FairGateStressTests
{
    private const int Places = 4;
    private readonly ConcurrentDictionary<int, bool> _rationed = new();
    private int _inside;
    private int _mostInside;

    [Fact]
    public async Task Everyone_gets_in_eventually_and_no_place_is_lost()
    {
        const int Tenants = 8;
        var gate = new FairGate(Places, tenant => _rationed.ContainsKey(tenant.Value.GetHashCode()), share: 0.5, TimeProvider.System);

        var visits = Enumerable.Range(0, Tenants * 8).Select(visitor => Task.Run(async () =>
        {
            var random = new Random(visitor);
            var tenant = Visitor.Tenant(visitor % Tenants);
            var entered = 0;
            for (var visit = 0; visit < 30; visit++)
            {
                if (random.Next(20) == 0 && !_rationed.TryRemove(tenant.Value.GetHashCode(), out _))
                {
                    _rationed[tenant.Value.GetHashCode()] = true;
                }

                using var patience = new CancellationTokenSource();
                var entering = gate.EnterAsync(tenant, patience.Token);
                if (random.Next(5) == 0)
                {
                    await patience.CancelAsync();
                }

                try
                {
                    using var place = await entering;
                    Raise(Interlocked.Increment(ref _inside));
                    await Task.Yield();
                    Interlocked.Decrement(ref _inside);
                    entered++;
                }
                catch (OperationCanceledException) when (patience.IsCancellationRequested)
                {
                }
            }

            return entered;
        })).ToList();

        var everyone = await Task.WhenAll(visits).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.All(everyone, entered => Assert.True(entered > 0));
        Assert.InRange(_mostInside, 1, 2 * Places);
        _rationed.Clear();
        Assert.All(Enumerable.Range(0, Places), number => Assert.True(Visitor.At(gate, Visitor.Tenant(number)).IsInside));
        Assert.False(Visitor.At(gate, Visitor.Tenant(1)).IsInside);
    }

    private void Raise(int now)
    {
        for (var seen = Volatile.Read(ref _mostInside); now > seen; seen = Volatile.Read(ref _mostInside))
        {
            Interlocked.CompareExchange(ref _mostInside, now, seen);
        }
    }
}
