using System.Diagnostics;
using System.Globalization;
using System.Text;
using Channels.Connectors.Telegram;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramInboundTests
{
    private static readonly TimeSpan _generous = TimeSpan.FromSeconds(30);

    [Fact]
    public void The_same_number_in_two_chats_is_two_messages() =>
        Assert.NotEqual(EventKey.Of(Single(Message(7, chat: 1))), EventKey.Of(Single(Message(7, chat: 2))));

    [Fact]
    public void A_message_told_again_under_another_update_is_the_same_one() =>
        Assert.Equal(EventKey.Of(Single(Message(7, chat: 1, update: 10))), EventKey.Of(Single(Message(7, chat: 1, update: 11))));

    [Fact]
    public void A_supergroup_counts_anew_and_meets_none_of_the_groups_messages()
    {
        var before = EventKey.Of(Single(Message(7, chat: -1, chatType: "group")))!.Value;
        var after = EventKey.Of(Single(Message(7, chat: -1001, chatType: "supergroup")))!.Value;

        // In one conversation they differ in nothing else.
        Assert.NotEqual(before.Revision, after.Revision);
    }

    [Fact]
    public void An_edit_says_when_it_was_made_beside_when_the_message_was_written()
    {
        var edit = Single("""{"update_id":1,"edited_message":{"message_id":9,"chat":{"id":1,"type":"private"},"from":{"id":1},"date":1763600000,"edit_date":1763600050,"text":"x"}}""");

        Assert.Equal(TimeSpan.FromSeconds(50), edit.ChangedAt - edit.Timestamp);
    }

    [Fact]
    public void Two_reactions_to_one_message_have_two_keys()
    {
        static string Reaction(int update) =>
            $$$"""{"update_id":{{{update}}},"message_reaction":{"chat":{"id":1,"type":"private"},"message_id":9,"user":{"id":1},"date":1,"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"x"}]}}""";

        Assert.NotEqual(EventKey.Of(Single(Reaction(1))), EventKey.Of(Single(Reaction(2))));
        Assert.Equal(EventKey.Of(Single(Reaction(1))), EventKey.Of(Single(Reaction(1))));
    }

    [Theory]
    [InlineData("\"is_topic_message\":true,\"message_thread_id\":77", "1:topic=77")]
    [InlineData("\"message_thread_id\":77", null)]
    [InlineData("\"business_connection_id\":\"BC-1\"", "1:business=BC-1")]
    [InlineData("\"business_connection_id\":\"BC:1\"", null)]
    [InlineData("\"direct_messages_topic\":{\"topic_id\":5}", "1:direct=5")]
    [InlineData("\"text\":\"x\"", null)]
    public void What_is_a_conversation_of_its_own_has_an_address_of_its_own(string field, string? address) =>
        Assert.Equal(address, Single($$$"""{"update_id":1,"message":{"message_id":1,"chat":{"id":1,"type":"private"},"from":{"id":1},"date":1,{{{field}}}}}""").Address);

    [Fact]
    public void A_topic_of_a_channels_direct_messages_is_one_persons()
    {
        static string Said(int from, string update) =>
            $$$"""{"update_id":1,{{{update}}}"message":{"message_id":1,"from":{"id":{{{from}}}},"chat":{"id":-1,"type":"supergroup","is_direct_messages":true},"direct_messages_topic":{"topic_id":5,"user":{"id":5}},"text":"x"}}""";

        var (theirs, ours) = (Single(Said(5, "")), Single(Said(6, "")));
        var pressed = Single(Said(7, "\"callback_query\":{\"id\":\"1\",\"from\":{\"id\":5},\"data\":\"y\",") + "}");

        Assert.Equal((EventAction.Process, true, false), (theirs.Action, theirs.IsOneToOne, ChatTypes.IsGroup(theirs)));
        Assert.Equal((EventKinds.EchoText, EventAction.StoreOutbound, true), (ours.Kind, ours.Action, ours.FromMe));
        Assert.Equal((EventAction.Process, true, "-1:direct=5"), (pressed.Action, pressed.IsOneToOne, pressed.Address));
        Assert.False(Single("""{"update_id":1,"message":{"message_id":1,"chat":{"id":-1,"type":"supergroup"},"from":{"id":5},"text":"x"}}""").IsOneToOne);
    }

    [Theory]
    [InlineData(0, 999)]
    [InlineData(-1, 5)]
    [InlineData(4, -1)]
    [InlineData(2147483647, 2147483647)]
    public void Marks_outside_of_the_text_are_nobodys(int offset, int length)
    {
        var said = Single(string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"update_id":1,"message":{"message_id":1,"chat":{"id":-1,"type":"group"},"from":{"id":1},"date":1,"text":"/a @b_bot","entities":[{"type":"bot_command","offset":{{{offset}}},"length":{{{length}}}},{"type":"mention","offset":{{{offset}}},"length":{{{length}}}}]}}"""));

        Assert.Equal(EventKinds.MessageText, said.Kind);
        Assert.DoesNotContain("mentions_bot", said.Details.Keys);
    }

    [Fact]
    public void A_mention_of_another_bot_is_none_of_ours_when_our_name_is_known()
    {
        const string Body = """{"update_id":1,"message":{"message_id":1,"chat":{"id":-1,"type":"group"},"from":{"id":1},"date":1,"text":"@other_bot","entities":[{"type":"mention","offset":0,"length":10}]}}""";

        Assert.DoesNotContain("mentions_bot", Single(Body).Details.Keys);
        Assert.Contains("mentions_bot", Single(Body, TelegramConnections.Of(username: null)).Details.Keys);
    }

    [Fact]
    public void Without_a_channel_nobody_knows_which_bot_it_is_and_all_else_is_read()
    {
        var said = Assert.Single(Assert.IsType<Normalised.Events>(TelegramInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(Message(7, chat: 1))))).Items);

        Assert.Null(said.Account);
        Assert.Equal("x", said.Text);
    }

    [Theory]
    [InlineData("""{"message":{"message_id":1,"chat":{"id":1,"type":"private"},"text":"x"}}""", "no update_id")]
    [InlineData("""{"update_id":"x","message":{"message_id":1,"chat":{"id":1,"type":"private"},"text":"x"}}""", "no update_id")]
    [InlineData("""{"update_id":1,"message":"hello"}""", "message is no object")]
    [InlineData("""{"update_id":1,"message":[{}],"thought":{}}""", "message is no object")]
    [InlineData("""{"update_id":1,"message":{"message_id":4,"text":"x"}}""", "message without chat.id")]
    [InlineData("""{"update_id":1,"edited_message":{"chat":{"id":1},"text":"x"}}""", "edited_message without message_id")]
    [InlineData("""{"update_id":1,"deleted_business_messages":{"chat":{"id":1},"message_ids":"7"}}""", "deleted_business_messages without message_ids")]
    [InlineData("""{"update_id":1,"callback_query":{"data":"x"}}""", "callback_query without id")]
    [InlineData("""{"update_id":1,"poll_answer":{"option_ids":[1]}}""", "poll_answer without poll_id")]
    [InlineData("""{"update_id":1,"my_chat_member":{"chat":"x"}}""", "my_chat_member without chat.id")]
    public void An_update_of_a_known_sort_that_cannot_be_read_is_parked(string body, string reason) =>
        Assert.Equal(new Normalised.Unreadable(reason, reason == "no update_id" ? null : 1), TelegramInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body), "", TelegramConnections.Of())));

    [Theory]
    [InlineData("""{"update_id":1,"thought":"x"}""")]
    [InlineData("""{"update_id":1,"thought":{"id":1},"message":null}""")]
    [InlineData("""{"update_id":1}""")]
    public void An_update_of_a_sort_nobody_knows_is_ignored(string body) => Assert.Equal("unknown update", Single(body).Reason);

    [Fact]
    public void An_update_whose_number_is_written_as_text_is_read() =>
        Assert.Equal(77L, Single("""{"update_id":"77","message":{"message_id":1,"chat":{"id":1,"type":"private"},"from":{"id":1},"date":1,"text":"x"}}""").Details["update_id"]);

    [Theory]
    [InlineData("many members", "{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{\"id\":1,\"type\":\"private\"},", "\"k{0}\":{{\"a\":1}},", "\"z\":1}}")]
    [InlineData("many updates in one", "{\"update_id\":1,", "\"k{0}\":{{}},", "\"message\":{\"message_id\":1,\"chat\":{\"id\":1}}}")]
    [InlineData("many marks", "{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{\"id\":-1,\"type\":\"group\"},\"text\":\"@x\",\"entities\":[", "{{\"type\":\"mention\",\"offset\":0,\"length\":2,\"n\":{0}}},", "1]}}")]
    [InlineData("many sizes", "{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{\"id\":1},\"photo\":[", "{{\"file_id\":\"{0}\",\"width\":1,\"height\":1}},", "1]}}")]
    [InlineData("many buttons", "{\"update_id\":1,\"callback_query\":{\"id\":\"1\",\"data\":\"no\",\"message\":{\"chat\":{\"id\":1},\"message_id\":1,\"reply_markup\":{\"inline_keyboard\":[[", "{{\"callback_data\":\"{0}\"}},", "1]]}}}}")]
    [InlineData("many deletions", "{\"update_id\":1,\"deleted_business_messages\":{\"chat\":{\"id\":1},\"message_ids\":[", "{0},", "1]}}")]
    [InlineData("much rich text", "{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{\"id\":1},\"rich_message\":{\"blocks\":[", "{{\"type\":\"paragraph\",\"text\":\"{0}\"}},", "1]}}}")]
    public void Four_megabytes_of_anything_are_read_in_time(string what, string start, string repeated, string end)
    {
        var body = new StringBuilder(start, 4_200_000);
        for (var i = 0; body.Length < 4_000_000; i++)
        {
            body.AppendFormat(CultureInfo.InvariantCulture, repeated, i);
        }

        var bytes = Encoding.UTF8.GetBytes(body.Append(end).ToString());
        var started = Stopwatch.GetTimestamp();

        Assert.IsType<Normalised.Events>(TelegramInbound.Normalise(new WebhookBody(bytes, "", TelegramConnections.Of())));
        Assert.True(Stopwatch.GetElapsedTime(started) < _generous, $"{what}: {Stopwatch.GetElapsedTime(started)}");
    }

    private static string Message(int id, long chat, string chatType = "private", int update = 1) =>
        $$$"""{"update_id":{{{update}}},"message":{"message_id":{{{id}}},"chat":{"id":{{{chat}}},"type":"{{{chatType}}}"},"from":{"id":1,"first_name":"A"},"date":1,"text":"x"}}""";

    private static ChannelEvent Single(string body, Connection? channel = null) =>
        Assert.Single(Assert.IsType<Normalised.Events>(TelegramInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body), "", channel ?? TelegramConnections.Of()))).Items);
}
