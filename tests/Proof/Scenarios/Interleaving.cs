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
        await using var stage = await Stage.SetAsync();
        var (tally, asked) = await InterleaveAsync(course, stage, conversations, messages);
        return new Verdict(
            $"{conversations} conversations × {messages} messages, agent latency 0 to {LongestThought} ms", await stage.StoreAsync(), [tally],
            [.. asked.Complaints, .. stage.LogComplaints()]);
    }

    /// <summary>Everybody writes to one channel whose agent takes its time; then their ledgers.</summary>
    /// <param name="course">Seed and length.</param>
    /// <param name="stage">Where.</param>
    /// <param name="conversations">How many at once.</param>
    /// <param name="messages">How many in each.</param>
    /// <param name="dying">One process dies while they write; none when absent.</param>
    /// <returns>The ledgers, and how often the agent was asked.</returns>
    public static async Task<(Tally Tally, Asked Asked)> InterleaveAsync(
        Course course, Stage stage, int conversations, int messages, Func<Task>? dying = null)
    {
        var choices = course.Choices("order");
        await using var agent = await AgentServer.StartAsync();
        agent.Think = call => TimeSpan.FromMilliseconds(LongestThought * course.Chance(call.Text!));
        var shop = await stage.ShopAsync("order", "5491150000008", agent: new { kind = "http", url = agent.Url, history = 0 });
        List<Writer> writers = [.. Enumerable.Range(0, conversations).Select(n => Writer.Customer(shop, $"54911{n:0000000}")).OrderBy(_ => choices.Next())];
        await using var load = new Load(writers, pace: TimeSpan.FromMilliseconds(choices.Next(1000, 2000)), most: messages);
        load.Begin();
        await (dying?.Invoke() ?? Task.CompletedTask);
        await load.WrittenAsync();
        course.Say($"{load.Acknowledged} messages written, refused: {load.RefusalsShown}; {agent.Calls.Count} agent calls so far");
        var tally = await Comparison.OfAsync("interleaved conversations", writers, text => $"agent: {text}");
        return (tally, Asked.Of(agent.Calls, deaths: dying is null ? 0 : 1));
    }
}
