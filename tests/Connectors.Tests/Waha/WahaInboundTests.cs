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

    [Fact]
    public void Two_members_who_choose_the_same_have_two_votes() =>
        Assert.NotEqual(EventKey.Of(Vote("447700900321", "Mon", 1)), EventKey.Of(Vote("447700900322", "Mon", 1)));

    [Fact]
    public void Whoever_comes_back_to_their_first_choice_has_voted_again()
    {
        EventKey?[] votes = [.. new[] { Vote("447700900321", "Mon", 1), Vote("447700900321", "Tue", 2), Vote("447700900321", "Mon", 3) }.Select(EventKey.Of)];

        Assert.Equal(3, votes.Distinct().Count());
        Assert.Equal(votes[0], EventKey.Of(Vote("447700900321", "Mon", 1)));
    }

    private static ChannelEvent Received(string customer) => Single(
        $$$"""
        {"event":"message","session":"a","me":null,"payload":{"id":"false_{{{customer}}}@lid_3B{{{customer}}}","from":"{{{customer}}}@lid","to":"447700900100@c.us","fromMe":false,"body":"x",
          "_data":{"type":"chat","from":"{{{customer}}}@lid","to":"447700900100@c.us"}},"engine":"WEBJS"}
        """);

    private static ChannelEvent Vote(string voter, string choice, int second) => Single(
        $$$"""
        {"event":"poll.vote","session":"a","payload":{
          "vote":{"id":"true_1203@g.us_3EB0POLL_447700900100@c.us","from":"{{{voter}}}@c.us","to":"1203@g.us","fromMe":false,"selectedOptions":["{{{choice}}}"],"timestamp":{{{1_767_261_600 + second}}}},
          "poll":{"id":"true_1203@g.us_3EB0POLL_447700900100@c.us","from":"447700900100@c.us","to":"1203@g.us","fromMe":true}},"engine":"WEBJS"}
        """);

    private static string[] IdsOf(ChannelEvent happened) =>
        [.. new[] { happened.ChatId, happened.ChatAlias, happened.SenderId, happened.SenderLid, happened.SenderPn }.OfType<string>()];

    private static ChannelEvent Single(string body) =>
        Assert.Single(Assert.IsType<Normalised.Events>(WahaInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);
}
