using System.Text;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaInboundTests
{
    private static readonly DateTimeOffset _told = DateTimeOffset.FromUnixTimeSeconds(1_767_261_700);

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

    [Theory]
    [InlineData("""{"message":{"_data":{"latestEditSenderTimestampMs":1767261660789}}}""", 1_767_261_660)]
    [InlineData("""{"message":{"latestEditSenderTimestampMs":1767261660789}}""", 1_767_261_660)]
    [InlineData("""{"latestEditSenderTimestampMs":1767261660789}""", 1_767_261_660)]
    [InlineData("""{"message":{"latestEditSenderTimestampMs":null}}""", 1_767_261_700)]
    [InlineData("{}", 1_767_261_700)]
    public void An_edit_under_the_messages_own_id_was_made_when_the_browser_says_or_else_when_it_was_told(string data, long expected)
    {
        var edited = Edited("false_447700900321@c.us_3AORIG", "\"timestamp\":1767261600,", data);

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_767_261_600), edited.Timestamp);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(expected), edited.ChangedAt);
    }

    [Fact]
    public void An_edit_that_says_nothing_of_its_time_was_made_when_it_was_told() =>
        Assert.Equal((null, _told), (Edited("false_447700900321@c.us_3BEDIT", "", "{}").Timestamp, Edited("false_447700900321@c.us_3BEDIT", "", "{}").ChangedAt));

    [Fact]
    public void An_edit_under_an_id_of_its_own_has_its_own_time() =>
        Assert.Null(Edited("false_447700900321@c.us_3BEDIT", "\"timestamp\":1767261650,", "{}").ChangedAt);

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

    private static ChannelEvent Edited(string id, string time, string data) => Single(
        $$$"""
        {"event":"message.edited","timestamp":1767261700123,"session":"a","payload":{"id":"{{{id}}}",{{{time}}}"from":"447700900321@c.us","fromMe":false,"body":"x","editedMessageId":"3AORIG","_data":{{{data}}}},"engine":"WEBJS"}
        """);

    private static string[] IdsOf(ChannelEvent happened) =>
        [.. new[] { happened.ChatId, happened.ChatAlias, happened.SenderId, happened.SenderLid, happened.SenderPn }.OfType<string>()];

    private static ChannelEvent Single(string body) =>
        Assert.Single(Assert.IsType<Normalised.Events>(WahaInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);
}
