using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionTypingTests
{
    private const string Instance = "harbour-shop";
    private readonly ITypingConnector _connector = Assert.IsAssignableFrom<ITypingConnector>(TestConnections.Connector("evolution"));

    [Fact]
    public async Task The_gateway_is_asked_to_show_it_for_the_duration()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { ApiKey = TestConnections.ApiKey });
        gateway.AddInstance(Instance);

        await _connector.ShowTypingAsync(TestConnections.ToGateway(gateway.Address, Instance), "447700900321@s.whatsapp.net", TimeSpan.FromMilliseconds(50), default);

        Assert.Equal(new FakePresence(Instance, "447700900321", "composing", 50), Assert.Single(gateway.Presences));
    }

    [Fact]
    public async Task It_can_be_cut_off_at_any_time()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { ApiKey = TestConnections.ApiKey });
        gateway.AddInstance(Instance);
        gateway.HangsOnPresence = true;
        using var enough = new CancellationTokenSource();

        var showing = _connector.ShowTypingAsync(TestConnections.ToGateway(gateway.Address, Instance), "447700900321@s.whatsapp.net", TimeSpan.FromSeconds(60), enough.Token);
        await enough.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => showing);
    }

    [Fact]
    public async Task A_gateway_that_is_away_or_refuses_is_nobodys_concern()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { ApiKey = "another" });
        var connection = TestConnections.ToGateway(gateway.Address, Instance);

        await _connector.ShowTypingAsync(connection, "447700900321@s.whatsapp.net", TimeSpan.FromMilliseconds(1), default);
        await gateway.StopAsync();
        await _connector.ShowTypingAsync(connection, "447700900321@s.whatsapp.net", TimeSpan.FromMilliseconds(1), default);

        Assert.Empty(gateway.Presences);
    }
}
