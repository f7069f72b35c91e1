using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Telegram;
using Channels.Running;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class TelegramTests(TelegramSpine spine) : SpineTest(spine), IClassFixture<TelegramSpine>
{
    [PostgresFact]
    public async Task A_persons_message_is_answered_through_the_bot()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var (person, text) = (shop.Bot.Person(44001), Words());
        var reply = shop.Bot.NextSendAsync();

        shop.Bot.Updates.PersonSays(person, text);

        Assert.Equal((44001, text), ((await reply).Chat, (await reply).Text));
        var messages = await Until.SeenAsync(
            "the reply, sent", () => shop.Channel.MessagesWithAsync("44001"), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        Assert.Equal($"{(await reply).Id}", messages[^1].ProviderMessageId);
        await Until.TrueAsync("Telegram to be done with the update", () => shop.Bot.Updates.Pending == 0);
    }

    [PostgresFact]
    public async Task A_picture_is_fetched_and_kept_and_one_that_is_gone_says_so()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var person = shop.Bot.Person(44001);
        var picture = System.Text.Encoding.UTF8.GetBytes($"a picture {Spine.Next()}");
        shop.Bot.Files["here"] = picture;

        foreach (var file in (string[])["here", "gone"])
        {
            shop.Bot.Updates.Happened(
                "message",
                new { message_id = person.NextMessage(), from = new { id = 44001, first_name = "Mira" }, chat = person.Shown(), date = 1767261600, photo = new[] { new { file_id = file, file_unique_id = file, width = 90, height = 90 } } },
                "44001");
        }

        var messages = await Until.SeenAsync(
            "both files, settled", () => shop.Channel.RawMessagesWithAsync("44001"),
            found => found.Any(message => message.TryGetProperty("media_id", out _)) && found.Any(message => message.TryGetProperty("media_missing", out _)));
        var kept = messages.Single(message => message.TryGetProperty("media_id", out _)).GetProperty("media_id").GetString();
        Assert.Equal(picture, (await shop.Channel.Api.BytesAsync($"/api/v1/media/{kept}")));
    }

    [PostgresFact]
    public async Task A_pressed_button_is_answered_with_its_words()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var (person, data) = (shop.Bot.Person(44001), Words("yes"));
        var reply = shop.Bot.NextSendAsync();

        var query = shop.Bot.Updates.PersonPresses(person, person.NextMessage(), data);

        Assert.Equal(data, (await reply).Text);
        await Until.TrueAsync("the clock on the button to go", () => shop.Bot.AnsweredCallbacks.Contains(query));
    }

    [PostgresFact]
    public async Task A_group_is_recorded_and_answered_only_where_the_channel_wants_it()
    {
        await using var quiet = await TelegramChannel.CreateAsync(Spine);
        await using var open = await TelegramChannel.CreateAsync(Spine, groups: true);
        var text = Words();
        var reply = open.Bot.NextSendAsync();

        quiet.Bot.Updates.PersonSays(quiet.Bot.Group(-1004400000001), text, from: 44001);
        open.Bot.Updates.PersonSays(open.Bot.Group(-1004400000001), text, from: 44001);

        Assert.Equal((-1004400000001, text), ((await reply).Chat, (await reply).Text));
        await quiet.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal("ignored", Assert.Single(await quiet.Channel.MessagesWithAsync("-1004400000001")).Status);
        Assert.Empty(quiet.Bot.Sent);
    }

    [PostgresFact]
    public async Task A_group_that_becomes_a_supergroup_stays_one_conversation()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, groups: true);
        var old = shop.Bot.Group(-4400, type: "group");
        var now = shop.Bot.Group(-1004400000001);
        var (first, second) = (Words("before"), Words("after"));
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(old, first, from: 44001);
        await reply;

        old.MigratedTo = now.Id;
        shop.Bot.Updates.Happened("message", new { message_id = old.NextMessage(), from = new { id = 44001, first_name = "Mira" }, chat = old.Shown(), date = 1767261600, migrate_to_chat_id = now.Id }, "-4400");
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        reply = shop.Bot.NextSendAsync();

        // The new chat counts from one again, as the old one did.
        shop.Bot.Updates.PersonSays(now, second, from: 44001);

        Assert.Equal((now.Id, second), ((await reply).Chat, (await reply).Text));
        var conversation = Assert.Single(await shop.Channel.ConversationsAsync());
        Assert.Equal(2, (await shop.Channel.MessagesAsync(conversation.Id)).Count(message => message.IsIn));
    }

    [PostgresFact]
    public async Task Who_blocked_the_bot_gets_no_reply_and_the_message_says_why()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var person = shop.Bot.Person(44001);
        person.Refuses = "bot was blocked by the user";

        shop.Bot.Updates.PersonSays(person, Words());

        var messages = await Until.SeenAsync(
            "the reply, failed", () => shop.Channel.MessagesWithAsync("44001"), found => found.Any(message => message is { IsOut: true, Status: "failed" }), Channel.Shown);
        Assert.Contains("blocked by the user", messages[^1].Reason, StringComparison.Ordinal);
        Assert.Equal("active", await shop.Channel.StatusAsync());
    }

    [PostgresFact]
    public async Task Who_blocks_the_bot_is_out_of_reach_until_they_write_again()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var person = shop.Bot.Person(44001);
        var then = TimeProvider.System.GetUtcNow().AddMinutes(-1).ToUnixTimeSeconds();
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.Happened("message", new { message_id = person.NextMessage(), from = new { id = 44001, first_name = "Mira" }, chat = person.Shown(), date = then, text = Words() }, "44001");
        await reply;
        var path = $"/api/v1/conversations/{(await shop.Channel.ConversationAsync("44001")).Id}";

        object blocked = new
        {
            chat = person.Shown(), from = new { id = 44001, first_name = "Mira" }, date = then + 10,
            old_chat_member = new { user = shop.Bot.Shown, status = "member" }, new_chat_member = new { user = shop.Bot.Shown, status = "kicked", until_date = 0 },
        };
        shop.Bot.Updates.Happened("my_chat_member", blocked, "user44001");
        var gone = await Until.SeenAsync("the contact to be out of reach", () => Spine.Tenant.GetAsync(path), one => one.GetProperty("out_of_reach").ValueKind == JsonValueKind.Object);
        Assert.Contains("blocked", gone.GetProperty("out_of_reach").GetProperty("reason").GetString(), StringComparison.Ordinal);

        var sent = shop.Bot.Sent.Count;
        await Spine.Tenant.PostAsync($"{path}/messages", new { text = Words("in vain") });
        var failed = await Until.SeenAsync(
            "the message, failed", () => shop.Channel.MessagesWithAsync("44001"), found => found.Any(message => message is { IsOut: true, Status: "failed" }), Channel.Shown);
        Assert.Contains("the contact has blocked this account", failed.Single(message => message.Status == "failed").Reason, StringComparison.Ordinal);
        Assert.Equal(sent, shop.Bot.Sent.Count);

        // Their own words are proof, whether the news of it comes or not.
        var text = Words("back");
        reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(person, text);
        Assert.Equal(text, (await reply).Text);
        Assert.Equal(JsonValueKind.Null, (await Spine.Tenant.GetAsync(path)).GetProperty("out_of_reach").ValueKind);

        // The old news once more changes nothing.
        shop.Bot.Updates.Happened("my_chat_member", blocked, "user44001");
        await shop.Channel.IdleAsync(webhooksFinished: 4);
        Assert.Equal(JsonValueKind.Null, (await Spine.Tenant.GetAsync(path)).GetProperty("out_of_reach").ValueKind);
    }

    [PostgresFact]
    public async Task An_owners_away_message_is_kept_and_the_agent_goes_on()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var (person, text) = (shop.Bot.Person(44001), Words());
        var date = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

        shop.Bot.Updates.Happened(
            "business_message",
            new { business_connection_id = "BC-1", message_id = person.NextMessage(), from = new { id = 55001, first_name = "Ada" }, chat = person.Shown(), date, text = "We are away", is_from_offline = true }, "44001");
        await shop.Channel.IdleAsync(webhooksFinished: 1);
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.Happened(
            "business_message", new { business_connection_id = "BC-1", message_id = person.NextMessage(), from = new { id = 44001, first_name = "Mira" }, chat = person.Shown(), date, text }, "44001");

        Assert.Equal(text, (await reply).Text);
        Assert.Contains(await shop.Channel.MessagesWithAsync("44001:business=BC-1"), message => message is { IsOut: true, Text: "We are away" });
    }

    [PostgresFact]
    public async Task A_place_that_moves_is_an_edit_of_its_message()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var person = shop.Bot.Person(44001);
        var (id, date) = (person.NextMessage(), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        object Shared(double latitude) => new { message_id = id, from = new { id = 44001, first_name = "Mira" }, chat = person.Shown(), date, edit_date = date + 5, location = new { latitude, longitude = 2, live_period = 900 } };

        shop.Bot.Updates.Happened("message", Shared(1), "44001");
        shop.Bot.Updates.Happened("edited_message", Shared(1.5), "44001");
        await shop.Channel.IdleAsync(webhooksFinished: 2);

        var message = Assert.Single(await shop.Channel.RawMessagesWithAsync("44001"));
        Assert.Equal(("message.location", JsonValueKind.String), (message.GetProperty("kind").GetString(), message.GetProperty("edited_at").ValueKind));
        Assert.Empty(shop.Bot.Sent);
    }

    [PostgresFact]
    public async Task Updates_that_never_came_are_said_and_stop_nothing()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);
        var person = shop.Bot.Person(44001);
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(person, Words());
        await reply;

        shop.Bot.Updates.Lose(3);
        reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(person, Words());
        await reply;

        var seen = await shop.SeenAsync("active", "updates-missing");
        Assert.Contains("3 updates are missing since", seen.Whole, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_webhook_that_another_program_takes_over_is_noticed_and_mended_by_activating_again()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);

        shop.Bot.Updates.Webhook.Set(new Uri("https://elsewhere.example/hook"), null);
        var seen = await shop.SeenAsync("error", "webhook-taken-over");
        Assert.Contains("elsewhere.example", seen.Whole, StringComparison.Ordinal);
        Assert.Contains("Activate the channel again", seen.Whole, StringComparison.Ordinal);

        await shop.Channel.ActivateAsync();
        await shop.SeenAsync("active");
        var text = Words();
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(shop.Bot.Person(44001), text);
        Assert.Equal(text, (await reply).Text);
    }

    [PostgresFact]
    public async Task What_is_wrong_goes_by_itself_when_it_is_mended()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);

        shop.Bot.IsRevoked = true;
        await shop.SeenAsync("error", "unauthorized");
        shop.Bot.IsRevoked = false;

        await shop.SeenAsync("active");
    }

    [PostgresFact]
    public async Task What_is_wrong_beside_a_bot_that_works_says_since_when_and_is_in_the_history()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine);

        await shop.Server.StopAsync();
        await shop.SeenAsync("active", "provider-unreachable");
        var state = await shop.Channel.StateAsync();
        Assert.True(state.GetProperty("trouble_since").GetDateTimeOffset() > state.GetProperty("status_since").GetDateTimeOffset());
        Assert.DoesNotContain("gateway", state.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        await shop.Server.StartAgainAsync();

        var well = await Until.SeenAsync("nothing to be wrong", shop.Channel.StateAsync, now => now.GetProperty("status_code").ValueKind == JsonValueKind.Null);
        Assert.Equal(JsonValueKind.Null, well.GetProperty("trouble_since").ValueKind);
        var history = (await Spine.Tenant.GetAsync($"/api/v1/channels/{shop.Channel.Id}/status-history")).GetProperty("changes").EnumerateArray();
        Assert.Equal([("active", null), ("active", "provider-unreachable"), ("active", null)], history.Select(one => (one.GetProperty("status").GetString(), one.GetProperty("code").GetString())).Reverse());
    }

    [PostgresTheory]
    [InlineData("webhook")]
    [InlineData("polling")]
    public async Task An_activation_while_Telegram_is_away_takes_nothing_from_a_bot_that_works(string mode)
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, mode);
        await shop.Server.StopAsync();
        await shop.SeenAsync("active", "provider-unreachable");

        var answer = await Spine.Tenant.AskAsync(HttpMethod.Post, $"/api/v1/channels/{shop.Channel.Id}/activate");
        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.DoesNotContain("that the gateway runs", answer.Body, StringComparison.Ordinal);
        Assert.Equal(("active", "provider-unreachable"), await shop.StateAsync() is var away ? (away.Status, away.Code) : default);
        await shop.Server.StartAgainAsync();

        var text = Words();
        var reply = shop.Bot.NextSendAsync();
        shop.Bot.Updates.PersonSays(shop.Bot.Person(44001), text);
        Assert.Equal(text, (await reply).Text);
        await Until.SeenAsync("nothing to be wrong", shop.StateAsync, seen => seen is { Status: "active", Code: null }, seen => seen.Whole);
    }

    [PostgresFact]
    public async Task A_bot_can_be_polled_and_is_answered_alike()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, mode: "polling");
        var texts = Enumerable.Range(0, 5).Select(_ => Words()).ToList();

        var person = shop.Bot.Person(44001);
        foreach (var text in texts)
        {
            shop.Bot.Updates.PersonSays(person, text);
        }

        await Until.TrueAsync("five replies", () => shop.Bot.Sent.Count == 5, () => string.Join(", ", shop.Bot.Calls));
        Assert.Equal(texts, shop.Bot.Sent.Select(sent => sent.Text));
        await Until.TrueAsync("the updates to be confirmed", () => shop.Bot.Updates.Pending == 0);
        Assert.DoesNotContain("setWebhook", shop.Bot.Calls);
    }

    [PostgresFact]
    public async Task What_was_fetched_twice_over_a_kill_is_answered_once()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, mode: "polling");
        await Until.TrueAsync("the bot to be polled", () => shop.Bot.Updates.IsPolled);
        var (person, text) = (shop.Bot.Person(44001), Words());

        // Killed anywhere between what Telegram handed out and its confirmation.
        shop.Bot.Updates.PersonSays(person, text);
        await Until.TrueAsync("the reply", () => shop.Bot.Sent.Count == 1);

        // Not in the middle of the send: what a crash there doubles, marked, is promised elsewhere.
        await Until.SeenAsync("the reply, known to be sent", () => shop.Channel.MessagesWithAsync("44001"), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        await Spine.Product.KillAsync();
        shop.Bot.Updates.Repeat();
        await Spine.Product.StartAgainAsync();
        var last = Words("and then");
        shop.Bot.Updates.PersonSays(person, last);

        await Until.TrueAsync("the second reply", () => shop.Bot.Sent.Count >= 2);
        Assert.Equal([text, last], shop.Bot.Sent.Select(sent => sent.Text));
        await Until.TrueAsync("the updates to be confirmed", () => shop.Bot.Updates.Pending == 0);
        Assert.Equal(4, (await shop.Channel.MessagesWithAsync("44001")).Count);
    }

    [PostgresFact]
    public async Task Polling_stops_when_the_channel_is_switched_off_and_loses_nothing_meanwhile()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, mode: "polling");
        await Until.TrueAsync("the bot to be polled", () => shop.Bot.Updates.IsPolled);

        await shop.Channel.DeactivateAsync();
        await Until.TrueAsync("the call under way to be given up", () => !shop.Bot.Updates.IsPolled);
        var text = Words();
        shop.Bot.Updates.PersonSays(shop.Bot.Person(44001), text);
        Assert.Equal(1, shop.Bot.Updates.Pending);
        var reply = shop.Bot.NextSendAsync();
        await shop.Channel.ActivateAsync();

        Assert.Equal(text, (await reply).Text);
    }

    [PostgresFact]
    public async Task A_webhook_in_the_way_of_polling_is_shown_and_removed_by_activating_again()
    {
        await using var shop = await TelegramChannel.CreateAsync(Spine, mode: "polling");
        await Until.TrueAsync("the bot to be polled", () => shop.Bot.Updates.IsPolled);

        shop.Bot.Updates.Webhook.Set(new Uri("http://127.0.0.1:1/other"), null);
        await shop.SeenAsync("error", "webhook-in-the-way");
        await shop.Channel.ActivateAsync();

        await shop.SeenAsync("active");
        await Until.TrueAsync("the bot to be polled again", () => shop.Bot.Updates.IsPolled);
    }
}
