using System.Diagnostics;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Two silos, one front end, one Postgres; silos die under load, one after the other and both at once, among repeated webhooks, among interleaved conversations and beside a flood.</summary>
internal sealed class SiloLosses : Scenario
{
    private const int Accounts = 40;
    private const int RepeatingChannels = 4;

    /// <summary>Of the silos' work, what each is to have at the least.</summary>
    private const double LeastShare = 0.3;

    /// <summary>Who is answered later than this after a kill was on the dead silo, or waited for somebody who was.</summary>
    public static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(2);

    /// <summary>How long the dead silo's accounts may be silent.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public override string Name => "cluster";

    public override string Promise =>
        "silos killed under load, singly and both, and stopped in order: the front end goes on acknowledging, the other silo takes over, nothing is lost or out of order, every double is marked, no agent has two turns for a message, and a quiet tenant's p99 stays within 25 % beside a flood.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 6, brief: 1);
        var complaints = new List<string>();
        var cluster = await Cluster.StartAsync();
        await using var stage = await Stage.SetAsync(cluster);
        await using var four = await FourChannels.SetAsync(stage, course);
        var single = new List<Writer>();
        for (var n = 0; n < Accounts; n++)
        {
            single.Add(Writer.Customer(await stage.ShopAsync($"account-{n:00}", $"54911600000{n:00}"), $"549117000000{n:00}"));
        }

        await using var load = new Load([.. four.Writers, .. single], pace: TimeSpan.FromMilliseconds(200));
        load.Begin();
        await AnsweredAsync(single, Stopwatch.GetTimestamp());
        var spread = await SpreadAsync(cluster, course.Seconds(full: 20, brief: 3));
        course.Say($"{spread}");
        if (!course.Brief && spread.Least < LeastShare)
        {
            complaints.Add($"the load does not spread: {spread}");
        }

        for (var round = 1; round <= rounds; round++)
        {
            complaints.AddRange(await LoseAsync(course, cluster, load, single, round));
        }

        await load.EndAsync();
        List<Tally> tallies = [.. await four.CompareAsync()];
        foreach (var writer in single)
        {
            tallies.Add(await Comparison.OfAsync(writer.Name, [writer]));
        }

        tallies = [.. tallies.Take(4), Tally.Sum($"{Accounts} accounts of one conversation", [.. tallies.Skip(4)])];
        var (repeated, askedRepeated) = await RepeatAsync(course, cluster, stage);
        course.Say($"webhooks three times: {askedRepeated}");
        var conversations = course.Size(full: 500, brief: 50);
        var (interleaved, askedInterleaved) = await Interleaving.InterleaveAsync(course, stage, conversations, course.Size(full: 10, brief: 4), () => LoseOneAsync(cluster));
        course.Say($"interleaved conversations: {askedInterleaved}");
        var neighbours = await ClusterNeighbours.RunAsync(course, cluster, stage);
        return new Verdict(
            $"two silos, {rounds + 3} losses, {four.Writers.Count + Accounts} conversations on {Accounts + 4} channels, then webhooks three times ({askedRepeated}), then {conversations} conversations interleaved ({askedInterleaved}), then {neighbours.Told}; {spread}",
            await stage.StoreAsync(), [.. tallies, repeated, interleaved, .. neighbours.Tallies],
            [.. complaints, .. askedRepeated.Complaints, .. askedInterleaved.Complaints, .. neighbours.Complaints, .. stage.LogComplaints()]);
    }

    // In turn: one silo dies, the other stops in order, both die.
    private static async Task<IReadOnlyList<string>> LoseAsync(Course course, Cluster cluster, Load load, IReadOnlyList<Writer> accounts, int round)
    {
        var complaints = new List<string>();
        var refused = load.Refused;
        load.Waits.Clear();
        var (what, gone) = (round % 3) switch
        {
            1 => ("one silo killed", [cluster.Silos[round / 3 % 2]]),
            2 => ("one silo stopped in order", [cluster.Silos[(round / 3 + 1) % 2]]),
            _ => ("both silos killed, back after 5 s", cluster.Silos),
        };
        var answered = AnsweredAsync(accounts, Stopwatch.GetTimestamp());
        if (round % 3 == 2)
        {
            var (code, _) = await gone[0].StopAsync(TimeSpan.FromSeconds(45));
            if (code != 0)
            {
                complaints.Add($"a silo ended with code {code}: {gone[0].Log.Tail()}");
            }
        }
        else
        {
            await Task.WhenAll(gone.Select(silo => silo.KillAsync()));
        }

        if (gone.Count > 1)
        {
            await Task.Delay(TimeSpan.FromSeconds(5));
            foreach (var silo in gone)
            {
                silo.Spawn();
            }
        }

        var silent = await answered;
        var late = silent.Where(after => after > Undisturbed).Order().ToList();
        var longest = load.Waits.IsEmpty ? TimeSpan.Zero : load.Waits.Max();
        course.Say(
            $"round {round}: {what}; {silent.Count - late.Count} of {silent.Count} accounts answered as before, {late.Count} after "
            + (late.Count == 0 ? "no time" : $"{late[0].TotalSeconds:0.0} to {late[^1].TotalSeconds:0.0} s (median {late[late.Count / 2].TotalSeconds:0.0} s)")
            + $"; {load.Waits.Count} acknowledged meanwhile, the slowest in {longest.TotalMilliseconds:0} ms, {load.Refused - refused} refused ({load.RefusalsShown} in all)");
        if (load.Refused > refused)
        {
            complaints.Add($"round {round}, {what}: the front end refused {load.Refused - refused} webhooks");
        }

        if (late.Count > 0 && late[^1] > Limit)
        {
            complaints.Add($"round {round}, {what}: an account was silent for {late[^1].TotalSeconds:0.0} s");
        }

        foreach (var silo in gone)
        {
            await (gone.Count > 1 ? silo.ReadyAsync() : silo.StartAgainAsync());
        }

        return complaints;
    }

    // Webhooks of gateways that repeat themselves while a silo dies.
    private static async Task<(Tally Tally, Asked Asked)> RepeatAsync(Course course, Cluster cluster, Stage stage)
    {
        var choices = course.Choices("repetition");
        var messages = course.Size(full: 30, brief: 6);
        await using var agent = await AgentServer.StartAsync();
        agent.Think = call => TimeSpan.FromMilliseconds(300 * course.Chance(call.Text!));
        var writers = new List<Writer>();
        for (var n = 0; n < RepeatingChannels; n++)
        {
            // Several: one would be on one silo with all its conversations, and that may be the one that lives.
            var shop = await stage.ShopAsync($"repeats-{n}", $"549115000001{n}", agent: new { kind = "http", url = agent.Url, history = 0 });
            writers.AddRange(Enumerable.Range(0, 5).Select(contact => Writer.Customer(shop, $"54911{n}{contact:000000}")));
        }

        var plans = writers.ToDictionary(writer => writer, _ => Repetitions.Shuffled(messages, choices));
        await Repetitions.PostAsync(plans, plan => plan.Take(messages));
        var loss = LoseOneAsync(cluster);
        await Repetitions.PostAsync(plans, plan => plan.Skip(messages));
        await loss;
        var tallies = new List<Tally>();
        foreach (var ofOne in writers.GroupBy(writer => writer.Channel))
        {
            tallies.Add(await Comparison.OfAsync("", [.. ofOne], text => $"agent: {text}"));
        }

        return (Tally.Sum("webhooks three times, a silo killed among them", tallies), Asked.Of(agent.Calls, deaths: 1));
    }

    // The busier one: new accounts mostly go to the silo that was started last, and the other's death would interrupt nobody.
    private static async Task LoseOneAsync(Cluster cluster)
    {
        var before = cluster.Silos.ToDictionary(silo => silo, silo => silo.ProcessorTime);
        await Task.Delay(TimeSpan.FromSeconds(2));
        var busier = cluster.Silos.MaxBy(silo => silo.ProcessorTime - before[silo])!;
        await busier.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(5));
        await busier.StartAgainAsync();
    }

    // From then until each account has answered a message that was posted later.
    private static async Task<IReadOnlyList<TimeSpan>> AnsweredAsync(IReadOnlyList<Writer> accounts, long since)
    {
        var gateway = accounts[0].Shop!.Gateway;
        // The next one may be under way already, the one after it is not.
        var awaited = accounts.ToDictionary(writer => writer.TextOf(writer.Acknowledged.Count + 1));
        var seen = 0L;
        var silent = new List<TimeSpan>();
        await Until.TrueAsync(
            "every account to answer a message that came after the loss",
            () =>
            {
                foreach (var send in gateway.Ledger.After(seen))
                {
                    seen = send.Number;
                    if (awaited.Remove(send.Text))
                    {
                        silent.Add(Stopwatch.GetElapsedTime(since));
                    }
                }

                return awaited.Count == 0;
            },
            () => $"{awaited.Count} are silent, e.g. {awaited.First().Value.Shop!.Name}", TimeSpan.FromMinutes(3));
        return silent;
    }

    // By the processor time they take: what a silo has to do it does with it.
    private static async Task<Spread> SpreadAsync(Cluster cluster, TimeSpan time)
    {
        var before = cluster.Silos.Select(silo => silo.ProcessorTime).ToList();
        await Task.Delay(time);
        var shares = cluster.Silos.Zip(before, (silo, then) => (silo.ProcessorTime - then).TotalMilliseconds).ToList();
        return new Spread(shares[0] / shares.Sum(), shares[1] / shares.Sum());
    }

    private sealed record Spread(double One, double Other)
    {
        public double Least => Math.Min(One, Other);

        public override string ToString() => $"of the silos' work {100 * One:0} % on one and {100 * Other:0} % on the other";
    }
}
