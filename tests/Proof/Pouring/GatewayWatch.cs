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
    private readonly InHand _sendsInHand = new();
    private readonly InHand _statesInHand = new();
    private readonly ConcurrentDictionary<string, InHand> _ofAccounts = new();

    private GatewayWatch()
    {
    }

    /// <summary>Sends under way at once, at the most.</summary>
    public int MostInHand => _sendsInHand.Most;

    /// <summary>Sends of one account under way at once, at the most.</summary>
    public int MostOfOneInHand => _ofAccounts.Values.Select(one => one.Most).DefaultIfEmpty().Max();

    /// <summary>Questions about sessions under way at once, at the most.</summary>
    public int MostStatesInHand => _statesInHand.Most;

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
            _statesInHand.Take(http.Response);
        }
        else if (call == Send)
        {
            _sends.Enqueue((name, now));
            _sendsInHand.Take(http.Response);
            _ofAccounts.GetOrAdd(name, _ => new InHand()).Take(http.Response);
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

    /// <summary>Calls from their coming to the first byte of their answer: whoever has the answer may have asked the next before the last byte is accounted for here.</summary>
    private sealed class InHand
    {
        private readonly Lock _gate = new();
        private int _now;

        public int Most { get; private set; }

        public void Take(HttpResponse response)
        {
            lock (_gate)
            {
                Most = Math.Max(Most, ++_now);
            }

            // A caller who hangs up gets no answer that begins.
            var left = 0;
            response.OnStarting(Leave);
            response.OnCompleted(Leave);

            Task Leave()
            {
                if (Interlocked.Exchange(ref left, 1) == 0)
                {
                    lock (_gate)
                    {
                        _now--;
                    }
                }

                return Task.CompletedTask;
            }
        }
    }
}
