using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionProvisioningTests
{
    private readonly IProvisioningConnector _connector = (IProvisioningConnector)TestConnections.Connector("evolution");

    [Fact]
    public async Task An_open_instance_is_adopted_and_pointed_at_us()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var instance = gateway.AddInstance("harbour-shop");
        var connection = TestConnections.ToGateway(gateway.Address);

        var outcome = await ActivateAsync(connection);

        Assert.IsType<ActivationOutcome.Active>(outcome);
        Assert.Equal(connection.WebhookUrl, instance.WebhookUrl);
        Assert.Equal(TestConnections.WebhookSecret, instance.WebhookHeaders["apikey"]);
        Assert.Contains("MESSAGES_UPSERT", instance.WebhookEvents);
        Assert.Contains("SEND_MESSAGE", instance.WebhookEvents);
    }

    [Fact]
    public async Task An_instance_that_does_not_exist_is_created_with_the_webhook_inside()
    {
        await using var gateway = await FakeEvolution.StartAsync();

        var connecting = Assert.IsType<ActivationOutcome.Connecting>(await ActivateAsync(TestConnections.ToGateway(gateway.Address)));

        Assert.Equal(gateway.Instances["harbour-shop"].Code, connecting.Code?.QrRaw);
        Assert.Equal(TestConnections.WebhookSecret, gateway.Instances["harbour-shop"].WebhookHeaders["apikey"]);
        Assert.DoesNotContain("2@fake", connecting.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_instance_is_connected()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var instance = gateway.AddInstance("harbour-shop", "close");

        var connecting = Assert.IsType<ActivationOutcome.Connecting>(await ActivateAsync(TestConnections.ToGateway(gateway.Address)));

        Assert.NotNull(connecting.Code);
        Assert.Equal("connecting", instance.State);
        Assert.Contains("GET /instance/connect/harbour-shop", gateway.Calls);
    }

    [Fact]
    public async Task An_old_gateway_gets_the_secret_in_the_path()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { Major = 1 });
        var connection = TestConnections.ToGateway(gateway.Address);

        var created = await ActivateAsync(connection);
        gateway.Instances["harbour-shop"].State = "open";
        var adopted = await ActivateAsync(connection);

        Assert.IsType<ActivationOutcome.Connecting>(created);
        Assert.IsType<ActivationOutcome.Active>(adopted);
        Assert.Equal($"{connection.WebhookUrl}/{TestConnections.WebhookSecret}", gateway.Instances["harbour-shop"].WebhookUrl?.ToString());
    }

    [Fact]
    public async Task A_gateway_that_knows_fewer_events_is_asked_for_those()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { UnknownEvents = new HashSet<string> { "STATUS_INSTANCE", "SEND_MESSAGE_UPDATE" } });

        var outcome = await ActivateAsync(TestConnections.ToGateway(gateway.Address));

        var instance = gateway.Instances["harbour-shop"];
        Assert.IsType<ActivationOutcome.Connecting>(outcome);
        Assert.Contains("LOGOUT_INSTANCE", instance.WebhookEvents);
        Assert.DoesNotContain("STATUS_INSTANCE", instance.WebhookEvents);
        Assert.Equal(TestConnections.WebhookSecret, instance.WebhookHeaders["apikey"]);
    }

    [Fact]
    public async Task Two_activations_at_once_end_with_one_instance()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var connection = TestConnections.ToGateway(gateway.Address);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ActivateAsync(connection)));

        Assert.All(outcomes, outcome => Assert.IsType<ActivationOutcome.Connecting>(outcome));
        Assert.Single(gateway.Instances);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_by_its_field()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        gateway.AddInstance("harbour-shop");

        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(TestConnections.ToGateway(gateway.Address, key: "some-other-key")));

        Assert.Equal(("unauthorized", "api_key"), (refused.Code, refused.Field));
        Assert.DoesNotContain("some-other-key", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_without_licence_is_refused_and_says_where_to_get_one()
    {
        await using var gateway = await FakeEvolution.StartAsync(new() { LicenceMissing = true });

        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(TestConnections.ToGateway(gateway.Address)));

        Assert.Equal("license-required", refused.Code);
        Assert.Contains("https://gateway.example/manager/login", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gateway_that_is_down_is_unreachable()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        await gateway.StopAsync();

        Assert.IsType<ActivationOutcome.Unreachable>(await ActivateAsync(TestConnections.ToGateway(gateway.Address)));
    }

    [Fact]
    public async Task What_activation_sets_up_is_what_authentication_believes()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var instance = gateway.AddInstance("harbour-shop");
        var connection = TestConnections.ToGateway(gateway.Address);
        await ActivateAsync(connection);

        var request = new WebhookRequest("", "", name => instance.WebhookHeaders.GetValueOrDefault(name), default);

        Assert.True(_connector.IsAuthentic(request, connection, DateTimeOffset.UnixEpoch));
    }

    private Task<ActivationOutcome> ActivateAsync(Connection connection) => _connector.ActivateAsync(connection, CancellationToken.None);
}
