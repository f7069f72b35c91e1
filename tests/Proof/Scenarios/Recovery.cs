using System.Diagnostics;
using System.Globalization;
using Channels.Proof.Ledgers;
using Channels.Proof.Pouring;

namespace Channels.Proof.Scenarios;

/// <summary>The product is killed when it has acknowledged messages and answered none of them: how long until the first is.</summary>
internal sealed class Recovery : Scenario
{
    private static readonly TimeSpan Goal = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Gross = TimeSpan.FromSeconds(60);

    public override string Name => "recovery";

    public override string Promise => "kill -9 with acknowledged messages unanswered, and a new start: the first of them is answered within five seconds of it, all of them in the end.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var rounds = course.Rounds(full: 10, brief: 1);
        await using var stage = await Stage.SetAsync();
        await using var agent = await AgentServer.StartAsync();
        var shop = await stage.ShopAsync("recovers", "5491150000001", agent: new { kind = "http", url = agent.Url });
        List<Writer> writers = [.. Enumerable.Range(1, 8).Select(n => Writer.Customer(shop, $"549116100000{n}"))];
        List<TimeSpan> ready = [], first = [];
        List<double> cpu = [];
        for (var round = 1; round <= rounds; round++)
        {
            // It thinks for longer than the product lives: what is acknowledged is unanswered when it dies.
            agent.Think = _ => TimeSpan.FromSeconds(10);
            foreach (var writer in writers)
            {
                var n = writer.Acknowledged.Count;
                var answer = await writer.AttemptAsync(writer.IdOf(n), writer.TextOf(n));
                Assert.True(answer.Status == System.Net.HttpStatusCode.OK, $"A webhook was answered {answer}");
                writer.Acknowledged.Enqueue(writer.TextOf(n));
            }

            await stage.Product.KillAsync();
            agent.Think = _ => TimeSpan.Zero;
            var before = stage.Gateway.Ledger.Count;
            var began = TimeProvider.System.GetUtcNow();
            var started = Stopwatch.GetTimestamp();
            await stage.Product.StartAgainAsync();
            ready.Add(Stopwatch.GetElapsedTime(started));
            cpu.Add(ProcessUse.Cpu(stage.Product.ProcessId));
            await Until.TrueAsync("the replies to what was acknowledged", () => stage.Gateway.Ledger.Count >= before + writers.Count, within: Gross);
            first.Add(stage.Gateway.Ledger.After(before).Min(send => send.Asked) - began);
            course.Say(string.Create(CultureInfo.InvariantCulture, $"round {round} of {rounds}: ready after {ready[^1].TotalSeconds:0.0} s ({cpu[^1]:0.0} s of processor), first reply after {first[^1].TotalSeconds:0.0} s"));
        }

        var tally = await Comparison.OfAsync("what was acknowledged before a kill", writers, text => $"agent: {text}");
        var (middle, longest) = (first.Order().ElementAt(rounds / 2), first.Max());
        var limit = course.Brief ? Gross : Goal;
        return new Verdict(
            string.Create(CultureInfo.InvariantCulture, $"{rounds} kills, {writers.Count} unanswered each; first reply {middle.TotalSeconds:0.0} s after the start of the process (median; longest {longest.TotalSeconds:0.0} s), ready after {ready.Order().ElementAt(rounds / 2).TotalSeconds:0.0} s and {cpu.Order().ElementAt(rounds / 2):0.0} s of processor"),
            await stage.StoreAsync(), [tally],
            [.. longest > limit ? [$"the first reply came {longest.TotalSeconds:0.0} s after the start"] : (string[])[], .. stage.LogComplaints()]);
    }
}
