using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>A message's way, as its tenant reads it.</summary>
public sealed class TimelineTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task A_message_is_followed_from_the_providers_post_to_the_reply_that_was_read()
    {
        var shop = await Spine.EvolutionAsync();
        var (number, id, text) = (Spine.NewNumber(), EvolutionChannel.NewId(), Words());
        await shop.SaysAsync(number, text, id);
        var send = (await shop.SentAsync(1))[0];
        await shop.SaysAsync(number, text, id);
        await shop.MessagesAsync(number, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, EvolutionBodies.Person(number), send.Id, "DELIVERY_ACK"));
        await shop.MessagesAsync(number, "the reply, delivered", found => found.Any(message => message.Status == "delivered"));
        await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, EvolutionBodies.Person(number), send.Id, "READ"));
        var messages = await shop.MessagesAsync(number, "the reply, read", found => found.Any(message => message.Status == "read"));

        var timeline = await TimelineAsync(shop.Channel, messages[0].Id);

        Assert.Equal(["posted", "stored", "recorded", "repeated", "routed", "asked", "queued", "sent", "delivered", "read"], Steps(timeline));
        Assert.Equal("done", timeline.GetProperty("state").GetString());
        Assert.Equal(messages[1].Id, Assert.Single(timeline.GetProperty("replies").EnumerateArray()).GetGuid());
        Assert.Equal(1, Step(timeline, "repeated").GetProperty("attempts").GetInt32());
        Assert.Equal(1, Step(timeline, "asked").GetProperty("attempts").GetInt32());
        Assert.Equal((1, send.Id), (Step(timeline, "sent").GetProperty("attempts").GetInt32(), Step(timeline, "sent").GetProperty("provider_message_id").GetString()));
        var times = timeline.GetProperty("steps").EnumerateArray().Where(step => step.GetProperty("step").GetString() is not ("posted" or "repeated"))
            .Select(step => step.GetProperty("at").GetDateTimeOffset().ToUnixTimeMilliseconds()).ToList();
        Assert.Equal(times.Order(), times);
        var reply = await TimelineAsync(shop.Channel, messages[1].Id);
        Assert.Equal(["queued", "sent", "delivered", "read"], Steps(reply));
        Assert.Equal((messages[0].Id, "out"), (reply.GetProperty("answers").GetGuid(), reply.GetProperty("direction").GetString()));
    }

    [PostgresFact]
    public async Task A_message_that_was_not_answered_says_why_and_one_that_waits_shows_what_comes_next()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        agent.Behave = _ => null;
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, "120363000000000009@g.us", EvolutionChannel.NewId(), Words("group"), participant: EvolutionBodies.Person(Spine.NewNumber())));
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words("hang"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);

        var ignored = await TimelineAsync(shop.Channel, (await shop.Channel.MessagesWithAsync("120363000000000009@g.us"))[0].Id);
        var asked = await TimelineAsync(shop.Channel, (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number)))[0].Id);

        Assert.Contains("groups are not answered", Step(ignored, "routed").GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Equal(("done", "routed"), (ignored.GetProperty("state").GetString(), Steps(ignored)[^1]));
        Assert.Equal(("in_progress", "asked"), (asked.GetProperty("state").GetString(), Steps(asked)[^1]));
        Assert.Equal("pending", Step(asked, "asked").GetProperty("state").GetString());
    }

    [PostgresFact]
    public async Task A_failed_agent_a_refused_reply_and_one_that_may_have_left_say_what_since_when_and_what_to_do()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, gateway: gateway, sendTimeout: 1, policy: new { on_agent_failure = "silent" });
        var (failed, lost) = (Spine.NewNumber(), Spine.NewNumber());
        agent.Behave = _ => 500;
        await shop.SaysAsync(failed, Words());
        await shop.MessagesAsync(failed, "the failure's reason", found => found.Any(message => message.Reason is not null));
        agent.Behave = _ => $"{Running.Spine.Mark} answer";
        gateway.Behaviour = new FakeBehaviour { AcceptThenHang = true };
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Before = async (_, call, _) =>
        {
            // What the look-up finds changes what the timeline shows.
            await (call == "/chat/findMessages" ? seen.Task : Task.CompletedTask);
            return false;
        };
        await shop.SaysAsync(lost, Words());
        var unknown = await shop.MessagesAsync(lost, "the reply, unknown", found => found.Any(message => message is { IsOut: true, Status: "unknown" }));

        var agents = await TimelineAsync(shop.Channel, (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(failed)))[0].Id);
        var open = await TimelineAsync(shop.Channel, unknown[0].Id);
        seen.SetResult();

        Assert.Equal(("attention", "asked"), (agents.GetProperty("state").GetString(), agents.GetProperty("problem").GetProperty("step").GetString()));
        Assert.Contains("500", agents.GetProperty("problem").GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Equal(("attention", "sent"), (open.GetProperty("state").GetString(), open.GetProperty("problem").GetProperty("step").GetString()));
        Assert.Equal("unknown", Step(open, "sent").GetProperty("state").GetString());
        Assert.False(string.IsNullOrEmpty(open.GetProperty("problem").GetProperty("next_step").GetString()));
        Assert.True(open.GetProperty("problem").GetProperty("since").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
        var found = await Until.SeenAsync(
            "the look-up that finds it", () => TimelineAsync(shop.Channel, unknown[0].Id), now => now.GetProperty("state").GetString() == "done", within: TimeSpan.FromSeconds(60));
        Assert.InRange(Step(found, "sent").GetProperty("look_ups").GetProperty("times").GetInt32(), 1, 2);
    }

    [PostgresFact]
    public async Task A_reply_of_a_channel_that_is_switched_off_names_the_button()
    {
        var channel = await Spine.SimulatorAsync(new { kind = "none" });
        var number = Spine.NewNumber();
        await channel.SimulateAsync(number, Words());
        var conversation = await Until.SeenAsync("the conversation", () => channel.ConversationsAsync(), found => found.Count == 1);
        await channel.DeactivateAsync();
        var sent = await channel.Api.PostAsync($"/api/v1/conversations/{conversation[0].Id}/messages", new { text = Words("from a person") });

        var waiting = await TimelineAsync(channel, sent.GetProperty("id").GetGuid());

        Assert.Equal(["queued", "sent"], Steps(waiting));
        var problem = waiting.GetProperty("problem");
        Assert.Contains("inactive", problem.GetProperty("what").GetString(), StringComparison.Ordinal);
        Assert.Contains("Activate", problem.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        await channel.ActivateAsync();
        var left = await Until.SeenAsync("the message to leave", () => TimelineAsync(channel, sent.GetProperty("id").GetGuid()), found => found.GetProperty("state").GetString() == "done");
        Assert.Equal(JsonValueKind.Null, left.GetProperty("problem").ValueKind);
        Assert.Equal(JsonValueKind.Null, left.GetProperty("answers").ValueKind);
    }

    [PostgresTheory]
    [InlineData(429, 1, "rate_limited")]
    [InlineData(503, 5, "circuit_open")]
    public async Task A_reply_says_when_its_provider_is_left_alone_and_until_when_and_leaves_when_it_answers_again(int status, int messages, string reason)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        gateway.Behaviour = new FakeBehaviour { FailStatus = status, RetryAfter = TimeSpan.FromSeconds(4) };
        var numbers = Enumerable.Range(0, messages).Select(_ => Spine.NewNumber()).ToList();
        foreach (var number in numbers)
        {
            await shop.SaysAsync(number, Words());
        }

        var replies = await shop.MessagesAsync(numbers[0], "the reply", found => found.Any(message => message.IsOut));
        var reply = replies.Single(message => message.IsOut).Id;
        var waiting = (await Until.SeenAsync(
            $"{reason}", () => shop.Channel.Api.GetAsync($"/api/v1/messages/{reply}"),
            found => found.GetProperty("message").TryGetProperty("waiting", out var waiting) && waiting.GetProperty("reason").GetString() == reason)).GetProperty("message").GetProperty("waiting");

        Assert.True(waiting.GetProperty("until").GetDateTimeOffset() > waiting.GetProperty("since").GetDateTimeOffset());
        Assert.False(string.IsNullOrEmpty(waiting.GetProperty("next_step").GetString()));
        gateway.Behaviour = new FakeBehaviour();
        await shop.MessagesAsync(numbers[0], "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.False((await shop.Channel.Api.GetAsync($"/api/v1/messages/{reply}")).GetProperty("message").TryGetProperty("waiting", out _));
    }

    [PostgresFact]
    public async Task A_text_that_its_gateway_refused_leaves_once_it_is_redriven()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        gateway.Behaviour = new FakeBehaviour { FailStatus = 413 };
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words());
        var failed = (await shop.MessagesAsync(number, "the reply, failed", found => found.Any(message => message is { IsOut: true, Status: "failed" }))).Single(message => message.IsOut);
        Assert.Contains($"/api/v1/messages/{failed.Id}/redrive", (await TimelineAsync(shop.Channel, failed.Id)).GetProperty("problem").GetProperty("next_step").GetString(), StringComparison.Ordinal);
        gateway.Behaviour = new FakeBehaviour();

        var redriven = await shop.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/messages/{failed.Id}/redrive");

        Assert.Equal(HttpStatusCode.Accepted, redriven.Status);
        await shop.MessagesAsync(number, "the reply, sent", found => found.Any(message => message.Id == failed.Id && message.Status == "sent"));
        Assert.Equal(2, Step(await TimelineAsync(shop.Channel, failed.Id), "sent").GetProperty("attempts").GetInt32());
    }

    [PostgresFact]
    public async Task Another_tenants_message_is_as_unknown_as_none()
    {
        var channel = await Spine.SimulatorAsync();
        var number = Spine.NewNumber();
        await channel.SimulateAsync(number, Words());
        var message = (await Until.SeenAsync("the message", () => channel.MessagesWithAsync(number), found => found.Count > 0))[0];
        using var stranger = await ChannelsClient.NewTenantAsync(Spine.Product, "stranger");

        var foreign = await stranger.AskAsync(HttpMethod.Get, $"/api/v1/messages/{message.Id}/timeline");

        Assert.Equal(HttpStatusCode.NotFound, foreign.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await channel.Api.AskAsync(HttpMethod.Get, $"/api/v1/messages/01900000-0000-7000-8000-000000000000/timeline")).Status);
    }

    private static Task<JsonElement> TimelineAsync(Channel channel, Guid message) => channel.Api.GetAsync($"/api/v1/messages/{message}/timeline");

    private static List<string> Steps(JsonElement timeline) => [.. timeline.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("step").GetString()!)];

    private static JsonElement Step(JsonElement timeline, string name) => timeline.GetProperty("steps").EnumerateArray().Single(step => step.GetProperty("step").GetString() == name);
}
