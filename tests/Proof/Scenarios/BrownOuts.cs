using System.Diagnostics;
using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>A provider that limits, fails, is late, takes without saying so, breaks off, and is down, one after the other under load.</summary>
internal sealed class BrownOuts : Scenario
{
    private const int RetryAfter = 2;

    /// <summary>As many conversations of an account may send at once.</summary>
    private const int AtOnce = 10;

    /// <summary>Seconds. What a busy machine holds up is not to become unknown by that alone.</summary>
    private const int SendTimeout = 5;

    /// <summary>No look-up makes a reply leave again sooner after the attempt. The gateway may have seen that when we had nearly given it up.</summary>
    private static readonly TimeSpan BeforeOnceMore = TimeSpan.FromSeconds(30 - SendTimeout);

    /// <summary>The second look-up of the last attempt is over by then, with its own time-out and that of the attempt.</summary>
    private static readonly TimeSpan LookedUp = TimeSpan.FromSeconds(50);

    /// <summary>A time-out and the first look-up, which finds nothing, are over by then; no second one has begun.</summary>
    private static readonly TimeSpan EchoedLater = TimeSpan.FromSeconds(SendTimeout + 13);

    /// <summary>As many as an account sends at once: none waits for another's time-out.</summary>
    private const int ToldLater = 4;

    public override string Name => "brownout";

    public override string Promise =>
        "a provider that answers 429, 503, 500, late, not at all, or is down: a time-out is shown as unknown until the provider says what it has; what did not leave is repeated, what left never is, and what nobody knows of is sent once more, marked, only where the gateway does not have it; the circuit opens, tries and closes, for all to see.";

    /// <summary>What happened to sends, by their outcome for us.</summary>
    private enum Fate
    {
        /// <summary>They certainly did not leave: to be repeated.</summary>
        Refused,

        /// <summary>They left, and nobody said so: never to be repeated, and to be found out.</summary>
        Taken,

        /// <summary>They did not leave, and nobody said so: sent once more, marked, when a look-up has shown it and nothing later has left; otherwise a person's to decide.</summary>
        Untaken,
    }

    public override async Task<Verdict> RunAsync(Course course)
    {
        var length = course.Seconds(full: 12, brief: SendTimeout + 1);
        var phases = Phases(course.Brief);
        await using var stage = await Stage.SetAsync();
        var gateway = stage.Gateway;
        gateway.KeepsAttempts = true;
        var shop = await stage.ShopAsync("brownout", "5491150000001", sendTimeout: SendTimeout);
        List<Writer> writers = [.. Enumerable.Range(1, 30).Select(n => Writer.Customer(shop, $"5491161{n:000000}"))];

        // Many contacts who each write slowly: a look-up sees the last hundred messages of a chat, and says "cannot say" when more were said since.
        await using var load = new Load(writers, pace: TimeSpan.FromMilliseconds(1500));
        await using var watch = CircuitWatch.Begin(shop.Channel);
        load.Begin();
        var toldLater = ToldLaterAsync(stage, course);
        var wentDown = DateTimeOffset.MaxValue;
        foreach (var phase in phases)
        {
            wentDown = phase.IsDown ? TimeProvider.System.GetUtcNow() : wentDown;
            await BreakAsync(gateway, phase, length, watch);
            await Until.SeenAsync("the circuit to close", shop.Channel.MetricsAsync, now => now.Circuit?.State == "closed", now => $"{now.Circuit}", TimeSpan.FromSeconds(150));
            gateway.Behaviour = new FakeBehaviour();
            course.Say($"{phase.What}: over; {load.Acknowledged} acknowledged so far, {gateway.Attempts.Count} attempts, {gateway.Ledger.Count} taken; circuit seen: {watch.Shown}");
        }

        await load.EndAsync();
        var (toldTally, toldComplaints) = await toldLater;
        var fates = phases.ToDictionary(phase => phase.Behaviour, phase => phase.Fate);
        await Until.SeenAsync(
            "every reply to be taken, or to be looked up twice", async () => (Metrics: await shop.Channel.MetricsAsync(), Missing: Missing(gateway, writers).Count),
            now => now.Metrics is { WebhooksWaiting: 0, TurnsWaiting: 0 } && now.Metrics.RepliesWaiting == now.Missing && TimeProvider.System.GetUtcNow() - gateway.Attempts.Last().At > LookedUp,
            now => $"{now.Missing} not taken; {now.Metrics}", TimeSpan.FromMinutes(5));
        var missing = Missing(gateway, writers);
        var tally = await Comparison.OfAsync("all conversations", writers, unknown: missing.Count);
        var overtaken = gateway.Ledger.After(0).GroupBy(send => send.To).Sum(sends => sends.Zip(sends.Skip(1)).Count(pair => pair.Second.Asked < pair.First.Asked));
        course.Say($"{overtaken} sends were taken so late by the gateway itself that a later one had overtaken them");
        List<string> complaints =
        [
            .. Repeated(gateway, fates), .. await UnmarkedAsync(shop, gateway, fates), .. Unexplained(gateway, fates, missing, wentDown, course), .. TooSoon(gateway, fates, phases), .. watch.Complaints(),
            .. toldComplaints, .. stage.LogComplaints(),
        ];

        return new Verdict(
            $"{phases.Count} kinds of trouble, {length.TotalSeconds:0} s each, {gateway.Attempts.Count:#,0} attempts for {gateway.Ledger.Count:#,0} sends", await stage.StoreAsync(), [tally, toldTally], complaints);
    }

    // Beside the others, with a gateway that keeps no messages: nothing but its echo can say that it has them.
    private static async Task<(Tally Tally, List<string> Complaints)> ToldLaterAsync(Stage stage, Course course)
    {
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        gateway.KeepsAttempts = true;
        gateway.Behaviour = new FakeBehaviour { AcceptThenHang = true, EchoesLater = EchoedLater };
        var shop = await stage.ShopAsync("told-later", "5491150000002", sendTimeout: SendTimeout, gateway: gateway);
        List<Writer> writers = [.. Enumerable.Range(1, ToldLater).Select(n => Writer.Customer(shop, $"5491162{n:000000}"))];
        await Task.WhenAll(writers.Select(async writer =>
        {
            await shop.SaysAsync(writer.Name, writer.TextOf(0), writer.IdOf(0));
            writer.Acknowledged.Enqueue(writer.TextOf(0));
        }));

        var shown = await Task.WhenAll(writers.Select(writer => ShownAsync(shop, writer)));

        // Until a second look-up, which finds nothing either, could have had them sent once more.
        await Task.Delay(LookedUp - EchoedLater);
        course.Say($"taken, no answer, echoed {EchoedLater.TotalSeconds:0} s later, no look-up: {string.Join("; ", shown.Select(one => one.Shown))}");
        List<string> complaints =
        [
            .. shown.Where(one => !one.WasUnknown).Select(one => $"a reply without an answer was never shown as unknown: {one.Shown}"),
            .. gateway.Attempts.CountBy(attempt => attempt.Text!).Where(one => one.Value > 1).Select(one => $"sent {one.Value} times though its echo was still to come: {one.Key}"),
        ];
        return (await Comparison.OfAsync("the told later", writers), complaints);
    }

    // As the API shows it, until it is settled.
    private static async Task<(bool WasUnknown, string Shown)> ShownAsync(EvolutionChannel shop, Writer writer)
    {
        var (started, seen) = (Stopwatch.GetTimestamp(), new List<string>());
        await Until.SeenAsync(
            "what the echo says of a reply that was never answered", () => shop.Channel.MessagesWithAsync(writer.Contact),
            messages =>
            {
                var status = messages.FirstOrDefault(message => message.IsOut)?.Status ?? "none";
                if (seen.Count == 0 || !seen[^1].StartsWith($"{status} ", StringComparison.Ordinal))
                {
                    seen.Add($"{status} after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
                }

                return status is "sent" or "delivered" or "read";
            },
            Channel.Shown, TimeSpan.FromMinutes(2));
        return (seen.Any(one => one.StartsWith("unknown ", StringComparison.Ordinal)), string.Join(", ", seen));
    }

    private static List<Phase> Phases(bool brief)
    {
        List<Phase> all =
        [
            new("429 with Retry-After", new() { FailStatus = 429, RetryAfter = TimeSpan.FromSeconds(RetryAfter) }, Fate.Refused),
            new("taken, no answer", new() { AcceptThenHang = true }, Fate.Taken),
            new("500", new() { FailStatus = 500 }, Fate.Untaken),
            new("503", new() { FailStatus = 503 }, Fate.Refused),
            new("taken 20 s later", new() { Delay = TimeSpan.FromSeconds(20), TakesAbandoned = true }, Fate.Taken),
            new("taken, echoed, no answer", new() { AcceptThenHang = true, Echo = FakeEcho.BeforeAnswer }, Fate.Taken),
            new("taken, connection reset", new() { AcceptThenReset = true }, Fate.Taken),
            new("connection reset", new() { Reset = true }, Fate.Untaken),
            new("down", null, Fate.Refused),
        ];
        return brief ? all[..3] : all;
    }

    private static async Task BreakAsync(FakeEvolution gateway, Phase phase, TimeSpan length, CircuitWatch watch)
    {
        if (phase.IsDown)
        {
            await gateway.StopAsync();
            await Task.Delay(length);
            await gateway.StartAgainAsync();
            return;
        }

        gateway.Behaviour = phase.Behaviour;
        await Task.Delay(length);

        // The one send that tries the connection for all is answered once it was seen doing so.
        gateway.Behaviour = new FakeBehaviour { BeforeAnswer = _ => watch.MovedOnAsync() };
    }

    // The agent is an echo: a reply has its message's text.
    private static HashSet<string> Missing(FakeEvolution gateway, List<Writer> writers) =>
        [.. writers.SelectMany(writer => writer.Acknowledged).Except(gateway.Ledger.After(0).Select(send => send.Text))];

    // What left is never asked for again; what did not is, once, and not before it was looked up.
    private static IEnumerable<string> Repeated(FakeEvolution gateway, Dictionary<FakeBehaviour, Fate> fates)
    {
        foreach (var attempts in gateway.Attempts.GroupBy(attempt => attempt.Text))
        {
            List<FakeAttempt> since = [.. attempts.SkipWhile(attempt => !IsUnknown(attempt, fates))];
            if (since.Count > 1 && fates[since[0].Behaviour] == Fate.Taken)
            {
                yield return $"repeated {since.Count - 1} times after it had left: {attempts.Key}";
            }

            if (since.Count > 1 && since[1].At - since[0].At < BeforeOnceMore)
            {
                yield return $"repeated {(since[1].At - since[0].At).TotalSeconds:0.0} s after an unknown outcome: {attempts.Key}";
            }

            if (since.Skip(1).SkipWhile(attempt => !IsUnknown(attempt, fates)).Count() > 1)
            {
                yield return $"repeated after two unknown outcomes: {attempts.Key}";
            }
        }
    }

    private static async Task<IEnumerable<string>> UnmarkedAsync(EvolutionChannel shop, FakeEvolution gateway, Dictionary<FakeBehaviour, Fate> fates)
    {
        var complaints = new List<string>();
        foreach (var attempts in gateway.Attempts.GroupBy(attempt => attempt.Text).Where(attempts => attempts.SkipWhile(attempt => !IsUnknown(attempt, fates)).Skip(1).Any()))
        {
            var messages = await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(attempts.First().To!));
            complaints.AddRange(messages.Where(message => message is { IsOut: true, PossiblyDuplicate: false } && message.Text == attempts.Key).Select(message => $"sent once more and not marked: {message.Text}"));
        }

        return complaints;
    }

    // A gateway that goes down cuts off what is under way: the last sends of the phase before, which still takes its time over each.
    private static IEnumerable<string> Unexplained(FakeEvolution gateway, Dictionary<FakeBehaviour, Fate> fates, HashSet<string> missing, DateTimeOffset wentDown, Course course)
    {
        var untaken = gateway.Attempts.Where(attempt => fates.TryGetValue(attempt.Behaviour, out var fate) && fate == Fate.Untaken).Select(attempt => attempt.Text!).ToHashSet();
        var repeated = gateway.Attempts.GroupBy(attempt => attempt.Text).Count(attempts => attempts.SkipWhile(attempt => !IsUnknown(attempt, fates)).Skip(1).Any());
        var cutOff = missing.Except(untaken).ToList();
        var underWay = gateway.Attempts.Where(attempt => (attempt.At - wentDown).Duration() < TimeSpan.FromSeconds(1)).Select(attempt => attempt.Text!).ToHashSet();
        course.Say(
            $"{untaken.Count} replies were cut off by 500 or a reset, and not taken: {repeated} of them were sent once more, {untaken.Intersect(missing).Count()} stay open; {cutOff.Count} more stay open since the gateway went down");
        return cutOff.Except(underWay).Select(text => $"open, and nobody cut it off: {text}").Concat(cutOff.Count > AtOnce ? [$"{cutOff.Count} replies were under way at once"] : []);
    }

    private static bool IsUnknown(FakeAttempt attempt, Dictionary<FakeBehaviour, Fate> fates) => fates.TryGetValue(attempt.Behaviour, out var fate) && fate != Fate.Refused;

    // As many conversations as may send at once hear the first 429; then nobody tries before the provider's wish.
    private static IEnumerable<string> TooSoon(FakeEvolution gateway, Dictionary<FakeBehaviour, Fate> fates, List<Phase> phases)
    {
        var limited = gateway.Attempts.Where(attempt => fates.ContainsKey(attempt.Behaviour) && ReferenceEquals(attempt.Behaviour, phases[0].Behaviour)).Select(attempt => attempt.At).ToList();
        var bursts = limited.Count == 0 ? 0 : 1 + (int)((limited[^1] - limited[0]).TotalSeconds / RetryAfter);
        return limited.Count > bursts * AtOnce ? [$"{limited.Count} attempts in {bursts} times of {RetryAfter} s, though each was answered with that Retry-After"] : [];
    }

    private sealed record Phase(string What, FakeBehaviour? Trouble, Fate Fate)
    {
        public bool IsDown => Trouble is null;

        public FakeBehaviour Behaviour { get; } = Trouble ?? new FakeBehaviour { FailBody = What };
    }

    /// <summary>Looks at the circuit through the API, as a user would.</summary>
    private sealed class CircuitWatch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly Dictionary<string, int> _seen = [];
        private volatile string? _last;
        private Task _watching = Task.CompletedTask;

        public string Shown => string.Join(", ", _seen.OrderBy(one => one.Key).Select(one => $"{one.Key} {one.Value}×"));

        public static CircuitWatch Begin(Channel channel)
        {
            var watch = new CircuitWatch();
            watch._watching = watch.LookAsync(channel);
            return watch;
        }

        /// <summary>Returns when the circuit is not seen open any more, and in time for the answer to a send that waits for it.</summary>
        public async Task MovedOnAsync()
        {
            var started = Stopwatch.GetTimestamp();
            while (_last == "open" && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(SendTimeout - 1))
            {
                await Task.Delay(20);
            }
        }

        public IEnumerable<string> Complaints() => ((string[])["open", "half_open", "closed"]).Where(state => !_seen.ContainsKey(state)).Select(state => $"the circuit was never seen {state}");

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _watching;
            _ending.Dispose();
        }

        private async Task LookAsync(Channel channel)
        {
            while (!_ending.IsCancellationRequested)
            {
                if ((await channel.MetricsAsync()).Circuit is { State: var state })
                {
                    _seen[state] = _seen.GetValueOrDefault(state) + 1;
                    _last = state;
                }

                await Task.Delay(50);
            }
        }
    }
}
