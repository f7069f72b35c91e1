using System.Diagnostics;
using System.Globalization;
using Channels.Proof.Ledgers;
using Channels.Proof.Pouring;

namespace Channels.Proof.Scenarios;

/// <summary>One tenant posts a few messages a second; another floods. In turn without and with the flood, so that what drifts shows.</summary>
internal sealed class NoisyNeighbour : Scenario
{
    private const int Rate = 40;
    private const int FloodConnections = 256;
    private const double Allowed = 1.25;

    /// <summary>Megabytes, while the backlog grows from a fifth to all of it: for each of some sixty thousand messages half a kilobyte, less than its webhook has.</summary>
    private const double GrowthAllowed = 32;

    /// <summary>Megabytes above what it had before the flood.</summary>
    private const double GrossGrowth = 512;
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Gross = TimeSpan.FromSeconds(5);

    /// <summary>Of a brief run's few messages the p99 is the slowest of all.</summary>
    private static readonly TimeSpan GrossOfOne = TimeSpan.FromSeconds(20);

    public override string Name => "noisy";

    public override string Promise =>
        "one tenant posts several times what the machine can work off: another's p99, of acknowledgement and of the full loop, stays within 25 %; neither loses anything, and memory does not grow with what waits.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 5, brief: 1);
        var length = course.Seconds(full: 20, brief: 2);
        await using var stage = await Stage.SetAsync();
        using var noisy = await ChannelsClient.NewTenantAsync(stage.Product, "noisy");
        stage.KeepSecret(noisy.Key);
        await using var flood = await Flood.StartAsync(stage, noisy, channels: 10, FloodConnections, contacts: FloodConnections);
        var trickle = new Trickle(stage.Product, [await stage.ShopAsync("quiet-0", "5491150000001"), await stage.ShopAsync("quiet-1", "5491150000002")], Rate);

        // Code is compiled and pools are filled: that is no tenant's doing.
        await Task.WhenAll(trickle.PostAsync(course.Brief ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(10)), flood.PourAsync(stage.Product.Address, TimeSpan.FromSeconds(2), messages: course.Brief ? 1_000 : 20_000));
        await EmptyAsync(flood);
        List<Round> seen = [];
        for (var round = 1; round <= rounds; round++)
        {
            seen.Add(await RoundAsync(stage, flood, trickle, length, course));
            course.Say($"round {round} of {rounds}: {seen[^1]}");
        }

        var verdict = Summary.Of(seen);
        course.Say(verdict.ToString());
        List<Tally> tallies = [await flood.CompareAsync(TimeSpan.FromMinutes(10)), await Comparison.OfAsync("the quiet tenant", [.. trickle.Writers.Where(writer => writer.Shop!.Name == "quiet-0")]), await Comparison.OfAsync("the quiet tenant", [.. trickle.Writers.Where(writer => writer.Shop!.Name == "quiet-1")])];
        return new Verdict(
            $"{rounds} × ({length.TotalSeconds:0} s quiet, {length.TotalSeconds:0} s with the flood) at {Rate} messages/s; {verdict}", await stage.StoreAsync(), tallies,
            [.. Complaints(verdict, seen, course.Brief), .. stage.LogComplaints()]);
    }

    private static async Task<Round> RoundAsync(Stage stage, Flood flood, Trickle trickle, TimeSpan length, Course course)
    {
        var (product, postmaster) = (stage.Product.ProcessId, stage.Product.Postmaster);
        var alone = await trickle.PostAsync(length);
        var before = ProcessUse.Resident(product);
        await using var memory = MemoryWatch.Begin(product);
        var (cpu, store, floods) = (ProcessUse.Cpu(product), ProcessUse.Cpu(postmaster, children: true), ProcessUse.Cpu(flood.ProcessId));

        var poursSince = Stopwatch.GetTimestamp();
        var growth = GrowthAsync(flood, memory, length);

        // The flood begins first and ends last.
        var pouring = flood.PourAsync(stage.Product.Address, length + TimeSpan.FromSeconds(1), course.Brief ? 6_000 : long.MaxValue);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        var beside = await trickle.PostAsync(length);
        var poured = await pouring;
        var (aFifth, memoryThen, atFourFifths) = await growth;
        var memoryInTheEnd = memory.MiddleSince(atFourFifths);
        var (cpuAfter, storeAfter, floodsAfter) = (ProcessUse.Cpu(product), ProcessUse.Cpu(postmaster, children: true), ProcessUse.Cpu(flood.ProcessId));
        var pouredFor = Stopwatch.GetElapsedTime(poursSince);
        var waiting = await flood.WaitingAsync();
        using var drained = new CancellationTokenSource();
        var afterwards = trickle.PostAsync(TimeSpan.FromMinutes(10), drained.Token);
        var started = Stopwatch.GetTimestamp();
        await EmptyAsync(flood);
        var drain = Stopwatch.GetElapsedTime(started);
        await drained.CancelAsync();
        var seconds = pouredFor.TotalSeconds * Environment.ProcessorCount / 100;
        return new Round(
            alone, beside, await afterwards, poured, aFifth, waiting, drain, before, memoryThen, memoryInTheEnd, memory.Most, (cpuAfter - cpu) / seconds, (storeAfter - store) / seconds, (floodsAfter - floods) / seconds);
    }

    // While a fifth of the backlog is there; and from when on nearly all of it is.
    private static async Task<(long Waiting, double Memory, long AtFourFifths)> GrowthAsync(Flood flood, MemoryWatch memory, TimeSpan length)
    {
        await Task.Delay(length / 10);
        var atATenth = Stopwatch.GetTimestamp();
        await Task.Delay(length / 10);
        var waiting = await flood.WaitingAsync();
        await Task.Delay(length / 10);
        var then = memory.MiddleSince(atATenth);
        await Task.Delay(length / 2);
        return (waiting, then, Stopwatch.GetTimestamp());
    }

    // Once a second: counting a backlog is work for the product as well.
    private static async Task EmptyAsync(Flood flood)
    {
        var started = Stopwatch.GetTimestamp();
        while (await flood.WaitingAsync() is > 0 and var waiting)
        {
            if (Stopwatch.GetElapsedTime(started) > LongestDrain)
            {
                throw new TimeoutException($"Waited {LongestDrain.TotalSeconds:0} s for the flood to be worked off; {waiting} still wait.");
            }

            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    // Machines that run tests are busy with others: there only what is gross counts.
    private static IEnumerable<string> Complaints(Summary verdict, List<Round> rounds, bool brief)
    {
        if (rounds.Sum(round => round.Alone.Refused + round.Beside.Refused + round.Afterwards.Refused) is > 0 and var refused)
        {
            yield return $"{refused} webhooks of the quiet tenant were refused";
        }

        if (rounds.Max(round => round.Beside.AnsweredAt(0.99)) is var worst && worst > (brief ? GrossOfOne : Gross).TotalMilliseconds)
        {
            yield return $"beside the flood the quiet tenant's p99 was {worst:0} ms";
        }

        if (!brief && verdict.Growth > GrowthAllowed)
        {
            yield return $"while the backlog grew five times memory grew by {verdict.Growth:0} MB (median of the rounds)";
        }

        if (rounds.Max(round => round.MemoryMost - round.MemoryBefore) is var gross && gross > GrossGrowth)
        {
            yield return $"memory grew by {gross:0} MB in the flood";
        }

        if (!brief && verdict.Acknowledged > Allowed)
        {
            yield return $"the quiet tenant's p99 of acknowledgements was {verdict.Acknowledged:0.00} times that without the flood";
        }

        if (!brief && verdict.Answered > Allowed)
        {
            yield return $"the quiet tenant's p99 of full loops was {verdict.Answered:0.00} times that without the flood";
        }
    }

    /// <summary>Memory in megabytes; shares of all processors in percent.</summary>
    private sealed record Round(
        Waits Alone, Waits Beside, Waits Afterwards, FloodResult Flood, long WaitingEarly, long Waiting, TimeSpan Drain, double MemoryBefore, double MemoryEarly, double MemoryLate, double MemoryMost, double Product, double Store, double Generator)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"""
            alone: {Alone}
                  beside the flood: {Beside}
                  while the flood is worked off: {Afterwards}
                  the flood: {Flood.Rate:#,0} posts/s, {Flood.Acknowledged / Flood.Elapsed.TotalSeconds:#,0}/s acknowledged (p50 {Flood.Median:0} p99 {Flood.P99:0} ms), refused {Flood.Refused}; {Waiting:#,0} waiting at its end, worked off at {Waiting / Drain.TotalSeconds:#,0}/s; memory {MemoryBefore:0} MB before, {MemoryEarly:0} MB with {WaitingEarly:#,0} waiting, {MemoryLate:0} MB near the end, at most {MemoryMost:0} MB; of the processors: product {Product:0} %, its Postgres {Store:0} %, the flooding process {Generator:0} %
            """);
    }

    /// <summary>Medians over the rounds; how many times of the quiet p99 it is beside the flood.</summary>
    private sealed record Summary(double QuietAcknowledged, double BesideAcknowledged, double QuietAnswered, double BesideAnswered, double Acknowledged, double Answered, long Backlog, double Growth, double Memory)
    {
        public static Summary Of(List<Round> rounds)
        {
            double Middle(Func<Round, double> value) => rounds.Select(value).Order().ElementAt(rounds.Count / 2);
            var (quiet, beside) = (Middle(round => round.Alone.AcknowledgedAt(0.99)), Middle(round => round.Beside.AcknowledgedAt(0.99)));
            var (quietLoop, besideLoop) = (Middle(round => round.Alone.AnsweredAt(0.99)), Middle(round => round.Beside.AnsweredAt(0.99)));
            return new Summary(quiet, beside, quietLoop, besideLoop, beside / quiet, besideLoop / quietLoop, rounds.Max(round => round.Waiting), Middle(round => round.MemoryLate - round.MemoryEarly), rounds.Max(round => round.MemoryMost));
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"medians of p99: acknowledgement {QuietAcknowledged:0.0} alone, {BesideAcknowledged:0.0} ms beside the flood ({Acknowledged:0.00} times); loop {QuietAnswered:0.0} alone, {BesideAnswered:0.0} ms beside the flood ({Answered:0.00} times); backlog up to {Backlog:#,0}, memory {Growth:+0;-0;0} MB from a fifth of it to all (median), up to {Memory:0} MB");
    }
}
