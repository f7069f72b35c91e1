using System.Diagnostics;
using System.Globalization;
using Channels.Proof.Ledgers;
using Channels.Proof.Pouring;

namespace Channels.Proof.Scenarios;

/// <summary>One tenant floods a cluster's front end beside a quiet one: in turn without and with the flood, and once more with a silo killed in the middle.</summary>
internal static class ClusterNeighbours
{
    /// <summary>Enough that some of them are on the silo that is killed.</summary>
    private const int QuietChannels = 8;

    /// <summary>What it cost, the ledgers of both, and what was not as promised.</summary>
    public static async Task<(string Told, IReadOnlyList<Tally> Tallies, IReadOnlyList<string> Complaints)> RunAsync(Course course, Cluster cluster, Stage stage)
    {
        var started = Stopwatch.GetTimestamp();
        var length = course.Seconds(full: 6, brief: 2);
        await using var neighbours = await Neighbours.SetAsync(stage, course, QuietChannels);
        var complaints = new List<string>();
        var rounds = new List<(Waits Alone, Waits Beside)>();
        var work = cluster.Silos.ToDictionary(silo => silo, _ => TimeSpan.Zero);
        for (var round = 1; round <= course.Size(full: 3, brief: 1); round++)
        {
            var before = cluster.Silos.ToDictionary(silo => silo, silo => silo.ProcessorTime);
            var alone = await neighbours.Quiet.PostAsync(length);
            foreach (var silo in cluster.Silos)
            {
                work[silo] += silo.ProcessorTime - before[silo];
            }

            var (beside, flood) = await neighbours.BesideAsync(length);
            rounds.Add((alone, beside));
            course.Say($"round {round} of the neighbours: alone: {alone}\n      beside the flood: {beside}\n      {await ToldAsync(neighbours, flood)}");
            if (alone.Refused + beside.Refused is > 0 and var refused)
            {
                complaints.Add($"{refused} webhooks of the quiet tenant were refused");
            }

            await neighbours.Flood.EmptyAsync();
        }

        var cost = FloodCost.Of(rounds);
        complaints.AddRange(course.Brief ? [] : cost.Complaints());

        // Whoever worked more while the quiet tenant was alone has more of its accounts.
        var silence = await LoseAsync(course, work.MaxBy(one => one.Value).Key, neighbours, length * 2, complaints);
        course.Say($"the neighbours took {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        return ($"a tenant that floods beside a quiet one: {cost}; {silence}", await neighbours.CompareAsync(), complaints);
    }

    // The dead silo stays away until the quiet one has all its replies: its accounts are to be answered from the other, beside the flood.
    private static async Task<string> LoseAsync(Course course, Product dying, Neighbours neighbours, TimeSpan length, List<string> complaints)
    {
        var writing = neighbours.BesideAsync(length);
        await Task.Delay(length / 3);
        var since = TimeProvider.System.GetUtcNow();
        await dying.KillAsync();
        var (beside, flood) = await writing;
        var silent = neighbours.Quiet.Silences(since);
        var told = string.Create(
            CultureInfo.InvariantCulture, $"a silo killed beside it: {silent.Count(one => one > SiloLosses.Undisturbed)} of {silent.Count} quiet accounts interrupted, silent for {silent[0].TotalSeconds:0.0} to {silent[^1].TotalSeconds:0.0} s (median {silent[silent.Count / 2].TotalSeconds:0.0} s)");
        course.Say($"{told}\n      the quiet tenant: {beside}\n      {await ToldAsync(neighbours, flood)}");
        if (beside.Refused > 0 || flood.Refused != FloodResult.Nothing)
        {
            complaints.Add($"with a silo killed beside a flood the front end refused {beside.Refused} webhooks of the quiet tenant, of the other: {flood.Refused}");
        }

        if (silent[^1] > SiloLosses.Limit)
        {
            complaints.Add($"with a silo killed beside a flood an account of the quiet tenant was silent for {silent[^1].TotalSeconds:0.0} s");
        }

        await dying.StartAgainAsync();
        await neighbours.Flood.EmptyAsync();
        return told;
    }

    private static async Task<string> ToldAsync(Neighbours neighbours, FloodResult flood)
    {
        var waiting = await neighbours.Flood.WaitingAsync();
        return string.Create(CultureInfo.InvariantCulture, $"the flood: {flood.Rate:#,0} posts/s (p50 {flood.Median:0} p99 {flood.P99:0} ms), refused {flood.Refused}; {waiting:#,0} waiting at its end");
    }
}
