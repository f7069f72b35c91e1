using System.Text.Json;
using Channels.Core.Connectors;
using Channels.FakeProviders.Telegram;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramOutboundTests : IAsyncLifetime
{
    private const long Mira = 44001;
    private FakeTelegram _telegram = null!;
    private FakeBot _bot = null!;

    public async Task InitializeAsync()
    {
        _telegram = await FakeTelegram.StartAsync();
        _bot = _telegram.AddBot(TelegramConnections.Token, TelegramConnections.Username);
        _bot.Person(Mira);
    }

    public async Task DisposeAsync() => await _telegram.DisposeAsync();

    [Fact]
    public async Task A_text_leaves_as_it_is_whatever_characters_it_has()
    {
        const string Text = "1 < 2 & *bold_ [x](y) `c` #1 + - = | {} . ! \\ 👍🏽 é";

        var accepted = Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(Text)));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal((Mira, Text, "sendMessage", accepted.ProviderMessageId), (sent.Chat, sent.Text, sent.Method, $"{sent.Id}"));
        Assert.Equal(["chat_id", "text"], sent.Arguments.Keys.Order());
    }

    [Fact]
    public async Task A_reply_names_what_it_answers_and_leaves_although_that_is_gone()
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(replyTo: "9999")));

        Assert.Equal("""{"message_id":9999,"allow_sending_without_reply":true}""", Assert.Single(_bot.Sent).Arguments["reply_parameters"]);
    }

    [Theory]
    [InlineData("callback:4400112233445566778")]
    [InlineData("99999999999999")]
    [InlineData("inline:AAB")]
    public async Task What_is_no_message_id_is_not_answered_to(string replyTo)
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(replyTo: replyTo)));

        Assert.DoesNotContain("reply_parameters", Assert.Single(_bot.Sent).Arguments.Keys);
    }

    [Theory]
    [InlineData("-1004400000001:topic=77", "message_thread_id", "77")]
    [InlineData("-1004400000001:direct=5", "direct_messages_topic_id", "5")]
    [InlineData("-1004400000001:business=BC-1", "business_connection_id", "BC-1")]
    public async Task An_address_inside_a_chat_goes_there(string address, string field, string value)
    {
        _bot.Group(-1004400000001);

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(chat: address)));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal((-1004400000001, value), (sent.Chat, sent.Arguments[field]));
    }

    [Fact]
    public async Task A_guest_query_is_answered_as_one()
    {
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message("Twelve.", "-1004400000009:guest=GQ1")));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal(("answerGuestQuery", "Twelve.", "GQ1"), (sent.Method, sent.Text, sent.Arguments["guest_query_id"]));
    }

    [Fact]
    public async Task A_guest_query_gets_no_text_instead_of_a_file()
    {
        var message = TelegramConnections.Message("the plan", "-1004400000009:guest=GQ1") with { Content = new OutboundContent.File(FileForm.Document, "https://f.example/plan.pdf", null, null, null) };

        Assert.Equal("unsupported", Assert.IsType<SendOutcome.Refused>(await SendAsync(message)).Code);

        Assert.Empty(_bot.Sent);
    }

    [Fact]
    public async Task A_group_that_became_a_supergroup_is_found_at_its_new_id()
    {
        _bot.Group(-4400, type: "group").MigratedTo = -1004400000001;
        _bot.Group(-1004400000001);

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(chat: "-4400", replyTo: "3")));

        var sent = Assert.Single(_bot.Sent);
        Assert.Equal(-1004400000001, sent.Chat);
        Assert.DoesNotContain("reply_parameters", sent.Arguments.Keys);
    }

    [Fact]
    public async Task Two_groups_that_point_to_each_other_end_in_a_refusal()
    {
        _bot.Group(-4400, type: "group").MigratedTo = -4401;
        _bot.Group(-4401, type: "group").MigratedTo = -4400;

        Assert.IsType<SendOutcome.Refused>(await SendAsync(TelegramConnections.Message(chat: "-4400")));
        Assert.Equal(3, _bot.Calls.Count);
    }

    [Theory]
    [InlineData("HTML", "5 <b>percent", "5 <b>percent</b>")]
    [InlineData("MarkdownV2", "5 percent.", "*5* percent\\.")]
    public async Task Broken_marks_leave_as_plain_text_and_good_ones_as_marks(string mode, string broken, string good)
    {
        var connection = TestConnections.To(new { bot_token = TelegramConnections.Token, base_url = _telegram.Address.ToString(), parse_mode = mode });
        var connector = TestConnections.Connector("telegram");

        Assert.IsType<SendOutcome.Accepted>(await connector.SendAsync(connection, TelegramConnections.Message(broken), default));
        Assert.IsType<SendOutcome.Accepted>(await connector.SendAsync(connection, TelegramConnections.Message(good), default));

        Assert.Equal([(broken, null), (good, mode)], _bot.Sent.Select(sent => (sent.Text, sent.Arguments.GetValueOrDefault("parse_mode"))));
        Assert.Equal(3, _bot.Calls.Count);
    }

    [Fact]
    public async Task Texts_below_files_and_above_buttons_leave_with_their_marks_too()
    {
        var connection = TestConnections.To(new { bot_token = TelegramConnections.Token, base_url = _telegram.Address.ToString(), parse_mode = "HTML" });
        var connector = TestConnections.Connector("telegram");
        var file = new OutboundContent.File(FileForm.Image, null, "media-1", "image/png", null);
        var choices = new OutboundContent.Interactive(null, null, [new OutboundButton("y", "Yes")], null, []);

        foreach (var text in (string[])["5 <b>percent</b>", "5 <b>percent"])
        {
            foreach (var content in (OutboundContent[])[file, choices])
            {
                var message = TelegramConnections.Message(text) with { Content = content, OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream(new byte[7])) };
                Assert.IsType<SendOutcome.Accepted>(await connector.SendAsync(connection, message, default));
            }
        }

        Assert.Equal(["HTML", "HTML", null, null], _bot.Sent.Select(sent => sent.Arguments.GetValueOrDefault("parse_mode")));
        Assert.Equal(6, _bot.Calls.Count);
    }

    [Theory]
    [InlineData("bot was blocked by the user")]
    [InlineData("user is deactivated")]
    [InlineData("bot was kicked from the group chat")]
    public async Task Who_takes_nothing_from_us_is_a_refusal_in_Telegrams_words(string words)
    {
        _bot.Chats[Mira].Refuses = words;

        var refused = Assert.IsType<SendOutcome.Refused>(await SendAsync(TelegramConnections.Message()));

        Assert.Equal(("recipient-unreachable", $"Forbidden: {words}"), (refused.Code, refused.Reason));
    }

    [Fact]
    public async Task Too_many_at_once_wait_as_long_as_Telegram_says()
    {
        _bot.Script(new FakeBotBehaviour { FailStatus = 429, FailDescription = "Too Many Requests: retry after 7", RetryAfter = 7 });

        var later = Assert.IsType<SendOutcome.TryLater>(await SendAsync(TelegramConnections.Message()));

        Assert.Equal(("rate-limited", TimeSpan.FromSeconds(7)), (later.Code, later.After));
        Assert.Empty(_bot.Sent);
    }

    [Fact]
    public async Task A_revoked_token_blocks_the_bot_and_is_not_shown()
    {
        _bot.IsRevoked = true;

        var blocked = Assert.IsType<SendOutcome.Blocked>(await SendAsync(TelegramConnections.Message()));

        Assert.Equal(("unauthorized", false), (blocked.Code, blocked.GatewayFault));
        Assert.DoesNotContain(TelegramConnections.Secret, blocked.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_answer_is_an_unknown_outcome_and_is_not_repeated()
    {
        _bot.Script(new FakeBotBehaviour { AcceptThenHang = true });
        Assert.IsType<SendOutcome.Unknown>(await TestConnections.Connector("telegram").SendAsync(TelegramConnections.At(_telegram.Address, sendTimeoutSeconds: 1), TelegramConnections.Message(), default));
        Assert.Single(_bot.Sent);

        _bot.Script(new FakeBotBehaviour { AcceptThenReset = true });
        Assert.IsType<SendOutcome.Unknown>(await SendAsync(TelegramConnections.Message()));
        Assert.Equal(2, _bot.Sent.Count);

        _bot.Script(new FakeBotBehaviour { FailStatus = 502, AsPage = true });
        Assert.IsType<SendOutcome.Unknown>(await SendAsync(TelegramConnections.Message()));
    }

    [Fact]
    public async Task Nobody_listening_means_that_it_never_left()
    {
        await _telegram.StopAsync();

        Assert.Equal("unreachable", Assert.IsType<SendOutcome.TryLater>(await SendAsync(TelegramConnections.Message())).Code);
    }

    [Theory]
    [InlineData("", "44001", "empty-text")]
    [InlineData(" \n", "44001", "empty-text")]
    [InlineData("x", "mira", "recipient-not-found")]
    [InlineData("x", "", "recipient-not-found")]
    public async Task What_cannot_be_sent_is_refused_without_asking(string text, string chat, string code)
    {
        Assert.Equal(code, Assert.IsType<SendOutcome.Refused>(await SendAsync(TelegramConnections.Message(text, chat))).Code);
        Assert.Empty(_bot.Calls);
    }

    [Fact]
    public async Task The_limit_counts_as_Telegram_counts()
    {
        // A flag is four UTF-16 units.
        Assert.IsType<SendOutcome.Accepted>(await SendAsync(TelegramConnections.Message(string.Concat(Enumerable.Repeat("🇵🇹", 1024)))));

        Assert.Equal("text-too-long", Assert.IsType<SendOutcome.Refused>(await SendAsync(TelegramConnections.Message(new string('x', 4097)))).Code);
    }

    [Fact]
    public async Task Typing_is_shown_in_the_chat_and_nothing_comes_of_a_failure()
    {
        var connector = Assert.IsAssignableFrom<ITypingConnector>(TestConnections.Connector("telegram"));

        await connector.ShowTypingAsync(TelegramConnections.At(_telegram.Address), "44001", TimeSpan.FromSeconds(5), default);
        await connector.ShowTypingAsync(TelegramConnections.At(_telegram.Address), "1", TimeSpan.FromSeconds(5), default);

        Assert.Equal([(Mira, "typing")], _bot.Actions);
    }

    [Fact]
    public void Nothing_of_the_token_stands_in_a_settings_text() => Assert.DoesNotContain(
        TelegramConnections.Secret, JsonSerializer.Serialize(Channels.Connectors.Telegram.TelegramSettings.Read(TelegramConnections.Of())!.ToString()), StringComparison.Ordinal);

    private Task<SendOutcome> SendAsync(OutboundMessage message) =>
        TestConnections.Connector("telegram").SendAsync(TelegramConnections.At(_telegram.Address), message, default);
}
