using System.Text;
using Channels.Core.Connectors;
using Channels.FakeProviders.Telegram;
using Channels.Testing;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramProvisioningTests : IAsyncLifetime
{
    private static readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private FakeTelegram _telegram = null!;
    private FakeBot _bot = null!;

    public async Task InitializeAsync()
    {
        _telegram = await FakeTelegram.StartAsync();
        _bot = _telegram.AddBot(TelegramConnections.Token, TelegramConnections.Username);
    }

    public async Task DisposeAsync() => await _telegram.DisposeAsync();

    [Fact]
    public async Task Activation_points_the_webhook_to_us_with_the_secret_and_every_update_we_read()
    {
        _bot.Updates.PersonSays(_bot.Person(1), "waiting since yesterday");

        var active = Assert.IsType<ActivationOutcome.Active>(await ActivateAsync());

        Assert.Equal($"bot:{TelegramConnections.BotId}", active.OwnId);
        Assert.Equal(("https://channels.example/webhooks/telegram/1", TestConnections.WebhookSecret), (_bot.Updates.Webhook.Url!.AbsoluteUri, _bot.Updates.Webhook.Secret));
        Assert.All((string[])["message_reaction", "my_chat_member", "callback_query", "business_message"], kind => Assert.Contains(kind, _bot.Updates.Allowed!));
        Assert.Equal(1, _bot.Updates.Pending);
    }

    [Fact]
    public async Task What_waits_is_dropped_only_when_the_owner_says_so()
    {
        _bot.Updates.PersonSays(_bot.Person(1), "old");

        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync(TelegramConnections.At(_telegram.Address, dropPending: true)));

        Assert.Equal(0, _bot.Updates.Pending);
    }

    [Fact]
    public async Task Activation_is_repeated_at_will_and_takes_over_from_another_program()
    {
        _bot.Updates.Webhook.Set(new Uri("http://127.0.0.1:1/other"), "theirs");

        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync());
        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync());

        Assert.Equal("channels.example", _bot.Updates.Webhook.Url!.Host);
    }

    [Fact]
    public async Task For_polling_the_webhook_is_taken_away()
    {
        _bot.Updates.Webhook.Set(new Uri("http://127.0.0.1:1/other"), "theirs");

        Assert.IsType<ActivationOutcome.Active>(await ActivateAsync(TelegramConnections.At(_telegram.Address, mode: "polling")));

        Assert.Null(_bot.Updates.Webhook.Url);
    }

    [Fact]
    public async Task A_wrong_token_is_told_at_the_token_and_never_shown()
    {
        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(TelegramConnections.At(_telegram.Address, "99:someone-elses-token")));

        Assert.Equal(("unauthorized", "bot_token"), (refused.Code, refused.Field));
        Assert.DoesNotContain("someone", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_of_another_bot_is_noticed()
    {
        var token = "71:other-token";
        _telegram.AddBot(token, "other_bot");

        var refused = Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(TelegramConnections.At(_telegram.Address, token)));

        Assert.Equal(("another-bot", "bot_username"), (refused.Code, refused.Field));
        Assert.Contains("@other_bot", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_Telegram_cannot_post_to_is_refused_with_the_way_out()
    {
        await using var strict = await FakeTelegram.StartAsync(new FakeTelegramOptions { WantsHttps = true });
        strict.AddBot(TelegramConnections.Token, TelegramConnections.Username);

        var refused = Assert.IsType<ActivationOutcome.Refused>(
            await ActivateAsync(TelegramConnections.At(strict.Address, webhookUrl: new Uri("https://channels.example:7070/webhooks/telegram/1"))));

        Assert.Equal("webhook-refused", refused.Code);
        Assert.Contains("polling", refused.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_Telegram_does_not_take_is_refused_before_it_is_shown_to_anybody()
    {
        Assert.Equal("webhook-secret-unfit", Assert.IsType<ActivationOutcome.Refused>(await ActivateAsync(TelegramConnections.At(_telegram.Address, webhookSecret: "with.a.dot.in.it"))).Code);
        Assert.Null(_bot.Updates.Webhook.Url);
    }

    [Fact]
    public async Task Nobody_listening_is_unreachable()
    {
        await _telegram.StopAsync();
        Assert.IsType<ActivationOutcome.Unreachable>(await ActivateAsync());
    }

    [Fact]
    public async Task Settings_are_checked_without_touching_the_webhook()
    {
        var check = (IConnectionCheck)TestConnections.Connector("telegram");

        var right = await check.CheckAsync(TelegramConnections.At(_telegram.Address), default);
        var wrong = await check.CheckAsync(TelegramConnections.At(_telegram.Address, "99:someone-elses-token"), default);

        Assert.Equal((0, "@harbour_shop_bot"), (right.Complaints.Length, right.Found));
        Assert.Equal("bot_token", Assert.Single(wrong.Complaints).Field);
        Assert.Equal(["getMe"], _bot.Calls);
    }

    [Fact]
    public async Task A_webhook_that_is_ours_and_gets_through_is_flowing()
    {
        await ActivateAsync();

        Assert.IsType<WebhookReading.Flowing>(await ReadAsync());
    }

    [Fact]
    public async Task A_webhook_that_was_taken_over_says_by_whom_and_what_to_do()
    {
        await ActivateAsync();
        _bot.Updates.Webhook.Set(new Uri("https://elsewhere.example/hook/their-secret"), "x");

        var broken = Assert.IsType<WebhookReading.Broken>(await ReadAsync());

        Assert.Equal("webhook-taken-over", broken.Code);
        Assert.Contains("elsewhere.example", broken.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("their-secret", broken.Reason, StringComparison.Ordinal);
        Assert.StartsWith("Activate the channel again", broken.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_that_is_gone_and_a_token_that_is_revoked_are_told_apart()
    {
        Assert.Equal("webhook-removed", Assert.IsType<WebhookReading.Broken>(await ReadAsync()).Code);

        _bot.IsRevoked = true;
        Assert.Equal("unauthorized", Assert.IsType<WebhookReading.Broken>(await ReadAsync()).Code);
    }

    [Fact]
    public async Task Updates_that_Telegram_cannot_deliver_are_told_with_its_words_and_the_time()
    {
        // Nobody listens at port 1.
        var connection = TelegramConnections.At(_telegram.Address, webhookUrl: new Uri("http://127.0.0.1:1/webhooks/telegram/1"));
        await ActivateAsync(connection);
        _bot.Updates.PersonSays(_bot.Person(1), "anybody?");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (_bot.Updates.Webhook.LastError is null)
        {
            await Task.Delay(10, limit.Token);
        }

        var failing = Assert.IsType<WebhookReading.Failing>(await ReadAsync(connection));

        Assert.Equal("webhook-failing", failing.Code);
        Assert.Contains("Connection refused", failing.Reason, StringComparison.Ordinal);
        Assert.Contains("1 updates wait", failing.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poll_brings_what_waits_and_the_next_one_confirms_it()
    {
        _bot.Updates.PersonSays(_bot.Person(1), "a");
        _bot.Updates.PersonSays(_bot.Person(2), "b");

        var first = Assert.IsType<PollOutcome.Fetched>(await PollAsync(null));
        Assert.Equal((2, 2), (first.Bodies.Length, _bot.Updates.Pending));
        Assert.Contains("\"text\":\"a\"", Encoding.UTF8.GetString(first.Bodies[0].Span), StringComparison.Ordinal);
        Assert.EndsWith($":{_bot.Updates.Last + 1}", first.Cursor, StringComparison.Ordinal);

        _bot.Updates.PersonSays(_bot.Person(1), "c");
        var second = Assert.IsType<PollOutcome.Fetched>(await PollAsync(first.Cursor));
        Assert.Equal((1, 1), (second.Bodies.Length, _bot.Updates.Pending));
    }

    [Fact]
    public async Task A_cursor_confirms_nothing_of_another_bot()
    {
        _bot.Updates.PersonSays(_bot.Person(1), "a");

        // The channel had another bot until its token was changed; that one's numbers were higher.
        foreach (var cursor in (string[])["999999999", "1:999999999"])
        {
            Assert.Single(Assert.IsType<PollOutcome.Fetched>(await PollAsync(cursor)).Bodies);
            Assert.Equal(1, _bot.Updates.Pending);
        }
    }

    [Fact]
    public async Task A_call_that_brings_nothing_drops_the_cursor()
    {
        await using var server = await FakeTelegram.StartAsync(new() { Clock = new ImpatientClock() });
        var bot = server.AddBot(TelegramConnections.Token, TelegramConnections.Username);
        var connection = TelegramConnections.At(server.Address, mode: "polling");
        var connector = (IPollingConnector)TestConnections.Connector("telegram");
        bot.Updates.PersonSays(bot.Person(1), "a");
        var first = Assert.IsType<PollOutcome.Fetched>(await connector.PollAsync(connection, null, default));

        var nothing = Assert.IsType<PollOutcome.Fetched>(await connector.PollAsync(connection, first.Cursor, default));
        Assert.Equal((0, null, 0), (nothing.Bodies.Length, nothing.Cursor, bot.Updates.Pending));
    }

    [Fact]
    public async Task A_pressed_button_is_noticed_while_polling()
    {
        var chat = _bot.Person(1);
        var query = _bot.Updates.PersonPresses(chat, chat.NextMessage(), "yes");

        // However late Telegram says so: the courtesy's own short limit is not what is looked at here.
        Assert.IsType<PollOutcome.Fetched>(await ((IPollingConnector)TestConnections.Connector("telegram", new ManualClock())).PollAsync(Polling, null, default));

        Assert.Equal([query], _bot.AnsweredCallbacks);
    }

    [Fact]
    public async Task Who_else_takes_the_updates_is_told_apart()
    {
        _bot.Updates.Webhook.Set(new Uri("http://127.0.0.1:1/other"), null);
        var webhook = Assert.IsType<PollOutcome.Broken>(await PollAsync(null));
        _bot.Updates.Webhook.Remove();
        var ours = PollAsync(null);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!_bot.Updates.IsPolled)
        {
            await Task.Delay(5, limit.Token);
        }

        // The other program's call ends ours; ours comes to an end, and theirs with this test.
        using var theirs = new CancellationTokenSource();
        var other = ((IPollingConnector)TestConnections.Connector("telegram")).PollAsync(Polling, null, theirs.Token);
        var poller = Assert.IsType<PollOutcome.Broken>(await ours);
        await theirs.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);

        Assert.Equal(("webhook-in-the-way", false), (webhook.Code, webhook.MayPass));
        Assert.Equal(("polled-elsewhere", true), (poller.Code, poller.MayPass));
    }

    [Theory]
    [InlineData("44001", "44001", "private")]
    [InlineData(" -1004400000001 ", "-1004400000001", "supergroup")]
    [InlineData("-1004400000001:topic=77", "-1004400000001:topic=77", "supergroup")]
    [InlineData("@harbour_news", "@harbour_news", "channel")]
    [InlineData("+351 900 000 001", null, null)]
    [InlineData("mira", null, null)]
    [InlineData("@x y", null, null)]
    [InlineData("1:guest=abc", null, null)]
    [InlineData("", null, null)]
    public void A_chat_is_read_as_people_write_it(string written, string? chat, string? type)
    {
        var read = ((IAddressing)TestConnections.Connector("telegram")).AddressOf(written);

        Assert.Equal((chat, type), (read?.ChatId, read?.ChatType));
    }

    private Connection Polling => TelegramConnections.At(_telegram.Address, mode: "polling");

    private Task<PollOutcome> PollAsync(string? cursor) => ((IPollingConnector)TestConnections.Connector("telegram")).PollAsync(Polling, cursor, default);

    private Task<WebhookReading> ReadAsync(Connection? connection = null) =>
        ((IWebhookWatch)TestConnections.Connector("telegram")).ReadWebhookAsync(connection ?? TelegramConnections.At(_telegram.Address), _now, default);

    private Task<ActivationOutcome> ActivateAsync(Connection? connection = null) =>
        ((IProvisioningConnector)TestConnections.Connector("telegram")).ActivateAsync(connection ?? TelegramConnections.At(_telegram.Address), default);

    /// <summary>Whoever waits by it has waited long enough at once.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : TimeSpan.Zero, period);
    }
}
