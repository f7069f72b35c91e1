using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>The product is killed at random instants under load, sometimes while it starts, sometimes with its private Postgres.</summary>
internal sealed class Crashes : Scenario
{
    public override string Name => "crash";

    public override string Promise =>
        "kill -9 of the product (also while it starts, also with its Postgres) at random instants under load: nothing acknowledged is lost, every double is marked, order stays.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 40, brief: 3);
        var choices = course.Choices(Name);
        await using var stage = await Stage.SetAsync();
        await using var four = await FourChannels.SetAsync(stage, course);
        await using var load = new Load(four.Writers, pace: TimeSpan.FromMilliseconds(40));
        load.Begin();
        for (var round = 1; round <= rounds; round++)
        {
            course.Say($"round {round} of {rounds}: {await KillAsync(stage.Product, choices, round)}; {load.Acknowledged} acknowledged so far, refused: {load.RefusalsShown}");
            await stage.Product.StartAgainAsync();
        }

        await load.EndAsync();
        return new Verdict(
            $"{rounds} kills, {four.Writers.Count} conversations on 4 channels", await stage.StoreAsync(), await four.CompareAsync(), [.. stage.LogComplaints()]);
    }

    // Every third kind of death in turn, at an instant of chance.
    private static async Task<string> KillAsync(Product product, Random choices, int round)
    {
        var instant = TimeSpan.FromMilliseconds(choices.Next(50, 1800));
        await Task.Delay(instant);
        switch (round % 3)
        {
            case 1:
                await product.KillAsync();
                return $"killed after {instant.TotalMilliseconds:0} ms";
            case 2:
                var starting = TimeSpan.FromMilliseconds(choices.Next(100, 1500));
                await product.KillAsync();
                product.Spawn();
                await Task.Delay(starting);
                await product.KillAsync();
                return $"killed after {instant.TotalMilliseconds:0} ms, and again {starting.TotalMilliseconds:0} ms into its start";
            default:
                product.KillServer();
                await product.KillAsync();
                return $"killed with its Postgres after {instant.TotalMilliseconds:0} ms";
        }
    }
}
