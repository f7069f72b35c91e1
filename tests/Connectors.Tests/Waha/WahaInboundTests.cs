using System.Text;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaInboundTests
{
    [Fact]
    public void Two_customers_of_a_session_that_does_not_know_itself_yet_have_nothing_in_common()
    {
        var (one, other) = (Received("111"), Received("222"));

        Assert.Empty(IdsOf(one).Intersect(IdsOf(other)));
        Assert.Equal(("111@lid", null, "111@lid"), (one.ChatId, one.SenderPn, one.SenderLid));
    }

    private static ChannelEvent Received(string customer) => Single(
        $$$"""
        {"event":"message","session":"a","me":null,"payload":{"id":"false_{{{customer}}}@lid_3B{{{customer}}}","from":"{{{customer}}}@lid","to":"447700900100@c.us","fromMe":false,"body":"x",
          "_data":{"type":"chat","from":"{{{customer}}}@lid","to":"447700900100@c.us"}},"engine":"WEBJS"}
        """);

    private static string[] IdsOf(ChannelEvent happened) =>
        [.. new[] { happened.ChatId, happened.ChatAlias, happened.SenderId, happened.SenderLid, happened.SenderPn }.OfType<string>()];

    private static ChannelEvent Single(string body) =>
        Assert.Single(Assert.IsType<Normalised.Events>(WahaInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);
}
