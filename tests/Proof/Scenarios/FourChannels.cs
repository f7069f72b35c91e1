using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof.Scenarios;

/// <summary>Four channels under one load: a gateway that can be asked what it sent, one that cannot, a tenant's own agent that takes its time, and no gateway at all.</summary>
internal sealed class FourChannels : IAsyncDisposable
{
    private readonly FakeEvolution _forgetful;
    private readonly AgentServer _agent;
    private readonly IReadOnlyList<(string What, IReadOnlyList<Writer> Writers, Func<string, string> ReplyOf)> _channels;

    private FourChannels(FakeEvolution forgetful, AgentServer agent, IReadOnlyList<(string, IReadOnlyList<Writer>, Func<string, string>)> channels) =>
        (_forgetful, _agent, _channels) = (forgetful, agent, channels);

    public IReadOnlyList<Writer> Writers => [.. _channels.SelectMany(channel => channel.Writers)];

    public static async Task<FourChannels> SetAsync(Stage stage, Course course)
    {
        stage.Gateway.Behaviour = new FakeBehaviour { Echo = FakeEcho.AfterAnswer };
        var forgetful = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        forgetful.Behaviour = new FakeBehaviour { Echo = FakeEcho.BeforeAnswer };
        var agent = await AgentServer.StartAsync();
        agent.Think = call => TimeSpan.FromMilliseconds(300 * course.Chance(call.Text!));
        var remembers = await stage.ShopAsync("remembers", "5491150000001");
        var forgets = await stage.ShopAsync("forgets", "5491150000002", gateway: forgetful);
        var asks = await stage.ShopAsync("asks", "5491150000003", agent: new { kind = "http", url = agent.Url });
        var simulator = await stage.SimulatorAsync("simulator");
        return new FourChannels(forgetful, agent,
        [
            ("a gateway that remembers", Numbers(1).ConvertAll(number => Writer.Customer(remembers, number)), text => text),
            ("a gateway that forgets", Numbers(2).ConvertAll(number => Writer.Customer(forgets, number)), text => text),
            ("a slow agent over HTTP", Numbers(3).ConvertAll(number => Writer.Customer(asks, number)), text => $"agent: {text}"),
            ("the simulator", Numbers(4).ConvertAll(number => Writer.Simulated(simulator, number)), text => text),
        ]);
    }

    public async Task<IReadOnlyList<Tally>> CompareAsync()
    {
        var tallies = new List<Tally>();
        foreach (var (what, writers, replyOf) in _channels)
        {
            tallies.Add(await Comparison.OfAsync(what, writers, replyOf));
        }

        return tallies;
    }

    public async ValueTask DisposeAsync()
    {
        await _forgetful.DisposeAsync();
        await _agent.DisposeAsync();
    }

    private static List<string> Numbers(int channel) => [.. Enumerable.Range(1, 4).Select(n => $"54911{channel}00000{n}")];
}
