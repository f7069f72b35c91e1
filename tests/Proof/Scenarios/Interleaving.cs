using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Hundreds of conversations at once, each answered by an agent that takes now long, now short.</summary>
internal sealed class Interleaving : Scenario
{
    private const int LongestThought = 250;

    public override string Name => "order";

    public override string Promise => "many conversations interleaved, their agent's latency random: each keeps its order, and none waits for another.";

    public override async Task<Verdict> RunAsync(Course course)
    {
        var conversations = course.Size(full: 500, brief: 100);
        var messages = course.Rounds(full: 20, brief: 5);
        var choices = course.Choices(Name);
        await using var stage = await Stage.SetAsync();
        await using var agent = await AgentServer.StartAsync();
        agent.Think = call => TimeSpan.FromMilliseconds(LongestThought * course.Chance(call.Text!));
        var shop = await stage.ShopAsync("order", "5491150000001", agent: new { kind = "http", url = agent.Url, history = 0 });
        List<Writer> writers = [.. Enumerable.Range(0, conversations).Select(n => Writer.Customer(shop, $"54911{n:0000000}")).OrderBy(_ => choices.Next())];
        await using var load = new Load(writers, pace: TimeSpan.FromMilliseconds(choices.Next(1000, 2000)), most: messages);
        load.Begin();
        await load.WrittenAsync();
        course.Say($"{load.Acknowledged} messages written; {agent.Calls.Count} agent calls so far");
        var tally = await Comparison.OfAsync("all conversations", writers, text => $"agent: {text}");
        var asked = agent.Calls.GroupBy(call => call.TurnId).Where(calls => calls.Count() > 1).Select(calls => $"the agent was asked {calls.Count()} times for one turn: {calls.First().Text}");
        return new Verdict(
            $"{conversations} conversations × {messages} messages, agent latency 0 to {LongestThought} ms", await stage.StoreAsync(), [tally], [.. asked, .. stage.LogComplaints()]);
    }
}
