using System.Collections.Concurrent;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Http;

namespace Channels.Proof.Pouring;

/// <summary>When a gateway was called, for what, and how many sends it had in its hands at once.</summary>
internal sealed class GatewayWatch
{
    private const string Send = "/message/sendText";
    private const string State = "/instance/connectionState";

    private readonly ConcurrentQueue<(string Account, DateTimeOffset At)> _sends = new();
    private readonly ConcurrentQueue<DateTimeOffset> _states = new();
    private int _inHand;
    private int _mostInHand;

    private GatewayWatch()
    {
    }

    /// <summary>Sends under way at once, at the most.</summary>
    public int MostInHand => _mostInHand;

    public int StateCalls => _states.Count;

    /// <summary>Sends asked for in one second, at the most.</summary>
    public int SendsInASecond => Most(_sends.Select(send => send.At));

    /// <summary>Sends asked for by one account in one second, at the most.</summary>
    public int SendsOfOneInASecond => _sends.GroupBy(send => send.Account).Select(sends => Most(sends.Select(send => send.At))).DefaultIfEmpty().Max();

    /// <summary>Questions about sessions in one second, at the most.</summary>
    public int StateCallsInASecond => Most(_states);

    /// <summary>Watches a gateway from now on, as it stands in <see cref="FakeEvolution.Before"/>.</summary>
    public static GatewayWatch Begin(FakeEvolution gateway)
    {
        var watch = new GatewayWatch();
        gateway.Before = watch.SeeAsync;
        return watch;
    }

    private Task<bool> SeeAsync(HttpContext http, string call, string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (call == State)
        {
            _states.Enqueue(now);
        }
        else if (call == Send)
        {
            _sends.Enqueue((name, now));
            var inHand = Interlocked.Increment(ref _inHand);
            int most;
            while ((most = Volatile.Read(ref _mostInHand)) < inHand && Interlocked.CompareExchange(ref _mostInHand, inHand, most) != most)
            {
            }

            http.Response.OnCompleted(() =>
            {
                Interlocked.Decrement(ref _inHand);
                return Task.CompletedTask;
            });
        }

        return Task.FromResult(false);
    }

    // Any second, not only those that the clock begins: what was counted up to a second before each.
    private static int Most(IEnumerable<DateTimeOffset> moments)
    {
        var within = new Queue<DateTimeOffset>();
        var most = 0;
        foreach (var moment in moments.Order())
        {
            within.Enqueue(moment);
            while (moment - within.Peek() >= TimeSpan.FromSeconds(1))
            {
                within.Dequeue();
            }

            most = Math.Max(most, within.Count);
        }

        return most;
    }
}
