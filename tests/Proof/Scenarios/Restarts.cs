using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>The product is asked to stop under load, and started again: what every upgrade does.</summary>
internal sealed class Restarts : Scenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    public override string Name => "restart";

    public override string Promise => "SIGTERM under load, and a new start: it ends in time, and nothing is lost, doubled, marked or out of order.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 10, brief: 2);
        var choices = course.Choices(Name);
        var complaints = new List<string>();
        await using var stage = await Stage.SetAsync();
        await using var four = await FourChannels.SetAsync(stage, course);
        await using var load = new Load(four.Writers, pace: TimeSpan.FromMilliseconds(40));
        load.Begin();
        for (var round = 1; round <= rounds; round++)
        {
            await Task.Delay(choices.Next(200, 2000));
            var (code, after) = await stage.Product.StopAsync(Limit);
            course.Say($"round {round} of {rounds}: ended with {code} after {after.TotalSeconds:0.0} s; {load.Acknowledged} acknowledged so far, refused: {load.RefusalsShown}");
            if (code != 0)
            {
                complaints.Add($"it ended with code {code}: {stage.Product.Log.Tail()}");
            }

            await stage.Product.StartAgainAsync();
        }

        await load.EndAsync();
        var tallies = await four.CompareAsync();
        complaints.AddRange(tallies.SelectMany(tally => tally.DoubledMarked).Select(doubled => $"doubled by a stop in order: {doubled}"));
        complaints.AddRange(stage.LogComplaints());
        return new Verdict($"{rounds} restarts, {four.Writers.Count} conversations on 4 channels", await stage.StoreAsync(), tallies, complaints);
    }
}
