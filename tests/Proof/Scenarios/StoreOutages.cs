using System.Diagnostics;
using System.Net;
using Channels.Proof.Ledgers;
using Channels.Testing;

namespace Channels.Proof.Scenarios;

/// <summary>The product's database is killed, stays away, and freezes, under load; the product stays.</summary>
internal sealed class StoreOutages : Scenario
{
    private const string HonestRefusal = "503 with Retry-After";

    /// <summary>A webhook has its answer after ten seconds, also from a server that says nothing; some more for a busy machine.</summary>
    private static readonly TimeSpan Answered = TimeSpan.FromSeconds(14);

    public override string Name => "store";

    public override string Promise =>
        "Postgres killed and restarted, away, and frozen, under load: webhooks get 503 with Retry-After and never a false 200; all goes on without a restart of the product.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 10, brief: 1);
        var away = course.Seconds(full: 60, brief: 5);
        var frozen = TimeSpan.FromSeconds(course.Brief ? 13 : 60);
        var choices = course.Choices(Name);
        var complaints = new List<string>();
        await using var postgres = await OwnPostgres.StartAsync(durable: true);
        await using var stage = await Stage.SetAsync(postgres.ConnectionString);
        await using var four = await FourChannels.SetAsync(stage, course);
        await using var load = new Load(four.Writers, pace: TimeSpan.FromMilliseconds(40));
        load.Begin();

        for (var round = 1; round <= rounds; round++)
        {
            await Task.Delay(choices.Next(200, 2000));
            await postgres.KillServerAsync();
            await postgres.StartServerAsync();
            course.Say($"round {round} of {rounds}: Postgres killed and started again; {await BackAsync(stage.Product, load)}");
        }

        await postgres.KillServerAsync();
        complaints.AddRange(await WatchAsync(stage.Product, load, four.Writers.Count, away));
        await postgres.StartServerAsync();
        course.Say($"Postgres was away for {away.TotalSeconds:0} s; {await BackAsync(stage.Product, load)}");

        using (postgres.Freeze())
        {
            complaints.AddRange(await WatchFrozenAsync(load, four.Writers, frozen));
        }

        course.Say($"Postgres was frozen for {frozen.TotalSeconds:0} s; {await BackAsync(stage.Product, load)}");
        await load.EndAsync();
        course.Say($"the slowest answer to a webhook took {load.Slowest.TotalSeconds:0.0} s");
        if (load.Slowest > Answered)
        {
            complaints.Add($"a webhook waited {load.Slowest.TotalSeconds:0.0} s for its answer");
        }

        complaints.AddRange(load.Refusals.Keys.Where(refusal => refusal is not (HonestRefusal or Load.NoAnswerToRequest)).Select(refusal => $"webhooks were answered '{refusal}' ({load.Refusals[refusal]} times)"));
        var tallies = await four.CompareAsync();
        complaints.AddRange(tallies.SelectMany(tally => tally.DoubledMarked).Select(doubled => $"doubled though the product lived: {doubled}"));
        return new Verdict(
            $"{rounds} kills, {away.TotalSeconds:0} s away, {frozen.TotalSeconds:0} s frozen, {load.Refused:#,0} webhooks refused", await stage.StoreAsync(), tallies, [.. complaints, .. stage.LogComplaints()]);
    }

    // Nobody gets a 200 while there is nothing to commit to; what was under way may still come through.
    private static async Task<IReadOnlyList<string>> WatchAsync(Product product, Load load, int underWay, TimeSpan away)
    {
        var complaints = new List<string>();
        var acknowledged = load.Acknowledged;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < away)
        {
            await Task.Delay(500);
            var (ready, healthy) = (await product.StatusAsync("/readyz"), await product.StatusAsync("/healthz"));
            if ((ready, healthy) != (HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK))
            {
                complaints.Add($"without a store /readyz answered {(int)ready} and /healthz {(int)healthy}");
            }
        }

        return load.Acknowledged > acknowledged + underWay ? [.. complaints, $"{load.Acknowledged - acknowledged} webhooks got their 200 while there was no store"] : complaints;
    }

    // Every gateway is refused at least once for each who writes there, and nobody gets a 200 but who was under way.
    private static async Task<IReadOnlyList<string>> WatchFrozenAsync(Load load, IReadOnlyList<Writer> writers, TimeSpan frozen)
    {
        var (acknowledged, refused) = (load.Acknowledged, load.Refused);
        await Task.Delay(frozen);
        var atGateways = writers.Count(writer => writer.Shop is not null);
        var (taken, turnedAway) = (load.Acknowledged - acknowledged, load.Refused - refused);
        return
        [
            .. turnedAway < atGateways ? [$"of {atGateways} who wrote through gateways while the server was frozen for {frozen.TotalSeconds:0} s, {turnedAway} got a 503"] : Array.Empty<string>(),
            .. taken > writers.Count ? [$"{taken} webhooks got their 200 while the server was frozen"] : Array.Empty<string>(),
        ];
    }

    private static async Task<string> BackAsync(Product product, Load load)
    {
        var acknowledged = load.Acknowledged;
        var started = Stopwatch.GetTimestamp();
        await Until.SeenAsync("the product to be ready again", () => product.StatusAsync("/readyz"), status => status == HttpStatusCode.OK);
        await Until.TrueAsync("webhooks to be taken again", () => load.Acknowledged > acknowledged + 20);
        return $"taking webhooks again after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s; {load.Acknowledged} acknowledged so far, refused: {load.RefusalsShown}";
    }
}
