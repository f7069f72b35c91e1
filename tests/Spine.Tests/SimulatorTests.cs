using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class SimulatorTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task A_message_in_is_echoed_out_and_counted()
    {
        var channel = await Spine.SimulatorAsync();
        var text = Words();

        await channel.SimulateAsync("5491122223333", text, "m-1");

        var messages = await Until.SeenAsync(
            "the echo, sent", () => channel.MessagesWithAsync("5491122223333"), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        Assert.Collection(
            messages,
            message => Assert.Equal(("in", "contact", "message.text", text, "received", "m-1"), (message.Direction, message.Author, message.Kind, message.Text, message.Status, message.ProviderMessageId)),
            message => Assert.Equal(("out", "agent", text, "sent", false), (message.Direction, message.Author, message.Text, message.Status, message.PossiblyDuplicate)));
        var metrics = await channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal((1, 1, 0, 0), (metrics.MessagesReceived, metrics.MessagesSent, metrics.MessagesFailed, metrics.WebhooksParked));
        Assert.NotNull(metrics.LastMessageAt);
        Assert.Null(metrics.LastError);
    }

    [PostgresFact]
    public async Task A_channel_without_agent_records_and_says_nothing()
    {
        var channel = await Spine.SimulatorAsync(new { kind = "none" });

        await channel.SimulateAsync("5491122223333", Words());

        await channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal("received", Assert.Single(await channel.MessagesWithAsync("5491122223333")).Status);
    }

    [PostgresFact]
    public async Task A_message_of_a_person_goes_out_through_the_api()
    {
        var channel = await Spine.SimulatorAsync(new { kind = "none" });
        await channel.SimulateAsync("5491122223333", Words());
        await channel.IdleAsync(webhooksFinished: 1);
        var conversation = await channel.ConversationAsync("5491122223333");
        var text = Words("from a colleague");

        await channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/messages", new { text });

        var messages = await Until.SeenAsync(
            "the colleague's message, sent", () => channel.MessagesAsync(conversation.Id), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        Assert.Equal(("person", text), (messages[^1].Author, messages[^1].Text));
    }

    [PostgresFact]
    public async Task An_account_begins_a_conversation_and_goes_on_in_it()
    {
        var channel = await Spine.SimulatorAsync(new { kind = "none" });
        var text = Words("is it ready?");

        var first = await channel.Api.PostAsync($"/api/v1/accounts/{channel.Id}/messages", new { to = "549113", text, author = "program" });
        var second = await channel.Api.PostAsync(
            $"/api/v1/accounts/{channel.Id}/messages", new { to = "549113", type = "interactive", text = "choose", reply_to = "theirs", interactive = new { buttons = new[] { new { id = "y", title = "Yes" } } } });

        Assert.Equal(first.GetProperty("conversation_id").GetGuid(), second.GetProperty("conversation_id").GetGuid());
        var messages = await Until.SeenAsync(
            "both, sent", () => channel.MessagesWithAsync("549113"), found => found.Count(message => message is { IsOut: true, Status: "sent" }) == 2, Channel.Shown);
        Assert.Equal([("program", text), ("person", "choose")], messages.Select(message => (message.Author, message.Text)));
        var told = await channel.Api.GetAsync($"/api/v1/messages/{second.GetProperty("id").GetGuid()}");
        Assert.Equal("Yes", told.GetProperty("message").GetProperty("options")[0].GetString());
        Assert.Equal("theirs", told.GetProperty("message").GetProperty("reply_to").GetString());
        Assert.Equal(JsonValueKind.Null, told.GetProperty("queue").ValueKind);

        // What the contact says then is said in the same conversation.
        await channel.SimulateAsync("549113", Words("yes"), "m-9");
        await channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal(3, (await channel.MessagesWithAsync("549113")).Count);
    }

    [PostgresFact]
    public async Task Replies_come_by_hints_and_do_not_wait_for_the_sweep()
    {
        // The sweep looks every two seconds for what nobody was told of: with lost hints all this would still happen, each reply with the next look.
        var channel = await Spine.SimulatorAsync();
        await Until.SeenAsync("a first reply", async () => { await channel.SimulateAsync("549110", Words()); return await channel.MetricsAsync(); }, now => now.MessagesSent > 0);
        var took = new List<TimeSpan>();

        for (var n = 1; n <= 20; n++)
        {
            var started = Stopwatch.GetTimestamp();
            await channel.SimulateAsync($"contact-{n % 3}", Words(), $"m-{n}");
            await Until.SeenAsync($"reply {n}", () => channel.MessagesWithAsync($"contact-{n % 3}"), found => found.Count(message => message is { IsOut: true, Status: "sent" }) == ((n - 1) / 3) + 1, Channel.Shown);
            took.Add(Stopwatch.GetElapsedTime(started));
        }

        Assert.True(took.Order().ElementAt(took.Count / 2) < TimeSpan.FromSeconds(1.2), $"The replies took {string.Join(", ", took)}");
    }

    [PostgresFact]
    public async Task It_says_that_it_lives_and_is_ready()
    {
        Assert.Equal(HttpStatusCode.OK, await Spine.Product.StatusAsync("/healthz"));
        Assert.Equal(HttpStatusCode.OK, await Spine.Product.StatusAsync("/readyz"));
    }
}
