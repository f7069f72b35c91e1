using System.Diagnostics;
using System.Globalization;
using Channels.Proof.Ledgers;
using Channels.Proof.Pouring;

namespace Channels.Proof.Scenarios;

/// <summary>One tenant posts a few messages a second; another floods. In turn without and with the flood, so that what drifts shows.</summary>
internal sealed class NoisyNeighbour : Scenario
{
    /// <summary>Megabytes, while the backlog grows from a fifth to all of it: for each of some sixty thousand messages half a kilobyte, less than its webhook has.</summary>
    private const double GrowthAllowed = 32;

    /// <summary>Megabytes above what it had before the flood.</summary>
    private const double GrossGrowth = 512;
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
        await using var neighbours = await Neighbours.SetAsync(stage, course, quietChannels: 2);
        List<Round> seen = [];
        for (var round = 1; round <= rounds; round++)
        {
            seen.Add(await RoundAsync(stage, neighbours, length));
            course.Say($"round {round} of {rounds}: {seen[^1]}");
        }

        var verdict = Summary.Of(seen);
        course.Say(verdict.ToString());
        return new Verdict(
            $"{rounds} × ({length.TotalSeconds:0} s quiet, {length.TotalSeconds:0} s with the flood) at {Neighbours.Rate} messages/s; {verdict}", await stage.StoreAsync(), await neighbours.CompareAsync(),
            [.. Complaints(verdict, seen, course.Brief), .. stage.LogComplaints()]);
    }

    private static async Task<Round> RoundAsync(Stage stage, Neighbours neighbours, TimeSpan length)
    {
        var (flood, trickle) = (neighbours.Flood, neighbours.Quiet);
        var (product, postmaster) = (stage.Product.ProcessId, stage.Product.Postmaster);
        var alone = await trickle.PostAsync(length);
        var before = ProcessUse.Resident(product);
        await using var memory = MemoryWatch.Begin(product);
        var (cpu, store, floods) = (ProcessUse.Cpu(product), ProcessUse.Cpu(postmaster, children: true), ProcessUse.Cpu(flood.ProcessId));
        var poursSince = Stopwatch.GetTimestamp();
        var growth = GrowthAsync(flood, memory, length);
        var (beside, poured) = await neighbours.BesideAsync(length);
        var (aFifth, memoryThen, atFourFifths) = await growth;
        var memoryInTheEnd = memory.MiddleSince(atFourFifths);
        var (cpuAfter, storeAfter, floodsAfter) = (ProcessUse.Cpu(product), ProcessUse.Cpu(postmaster, children: true), ProcessUse.Cpu(flood.ProcessId));
        var pouredFor = Stopwatch.GetElapsedTime(poursSince);
        var waiting = await flood.WaitingAsync();
        using var drained = new CancellationTokenSource();
        var afterwards = trickle.PostAsync(TimeSpan.FromMinutes(10), drained.Token);
        var started = Stopwatch.GetTimestamp();
        await flood.EmptyAsync();
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

        foreach (var complaint in brief ? [] : verdict.Cost.Complaints())
        {
            yield return complaint;
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

    /// <summary>Medians over the rounds; megabytes.</summary>
    private sealed record Summary(FloodCost Cost, long Backlog, double Growth, double Memory)
    {
        public static Summary Of(List<Round> rounds) =>
            new(
                FloodCost.Of(rounds.ConvertAll(round => (round.Alone, round.Beside))), rounds.Max(round => round.Waiting),
                rounds.Select(round => round.MemoryLate - round.MemoryEarly).Order().ElementAt(rounds.Count / 2), rounds.Max(round => round.MemoryMost));

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Cost}; backlog up to {Backlog:#,0}, memory {Growth:+0;-0;0} MB from a fifth of it to all (median), up to {Memory:0} MB");
    }
}
