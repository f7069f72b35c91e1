using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Simulator;

public sealed class SimulatorTests : ConnectorContract
{
    protected override string Kind => "simulator";

    protected override string Folder => "Simulator";

    [Fact]
    public async Task A_message_is_taken_at_once_under_an_id_made_of_ours()
    {
        var message = TestConnections.Message();

        var outcome = await TestConnections.Connector(Kind).SendAsync(TestConnections.To(new { }), message, CancellationToken.None);

        Assert.Equal(new SendOutcome.Accepted($"sim-{message.Id}"), outcome);
    }

    [Fact]
    public void The_secret_in_its_header_is_believed()
    {
        var request = new WebhookRequest("", "", name => name == "X-Channels-Secret" ? TestConnections.WebhookSecret : null, default);

        Assert.True(TestConnections.Connector(Kind).IsAuthentic(request, TestConnections.To(new { }), DateTimeOffset.UnixEpoch));
    }
}
