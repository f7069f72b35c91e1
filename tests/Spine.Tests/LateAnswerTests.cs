using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>An agent that takes a turn with 202 and answers it through the API.</summary>
public sealed class LateAnswerTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private static readonly string Answer = $"{Running.Spine.Mark} thought about it";

    [PostgresFact]
    public async Task A_late_answer_is_sent_once_and_what_came_meanwhile_waits_its_turn()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = call => call.Text!.Contains("later", StringComparison.Ordinal) ? 202 : $"{Running.Spine.Mark} at once";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var (number, other) = (Spine.NewNumber(), Spine.NewNumber());

        await shop.SaysAsync(number, Words("later"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        var turn = agent.Calls.Single().TurnId;
        await shop.SaysAsync(number, Words("behind it"));
        await shop.SaysAsync(other, Words("quick"));
        await shop.SentAsync(1, other);

        // Longer than the sweep takes to look twice.
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.Equal(2, agent.Calls.Count);
        Assert.DoesNotContain(shop.Sends, send => send.To == number);

        var taken = await ReplyAsync(turn, new { reply = Answer }, key: "first");
        var repeated = await ReplyAsync(turn, new { reply = Answer }, key: "first");
        var same = await ReplyAsync(turn, new { reply = Answer });
        var another = await ReplyAsync(turn, new { reply = "something else" });

        Assert.Equal(HttpStatusCode.Accepted, taken.Status);
        Assert.Equal(taken.Body, repeated.Body);
        Assert.Equal(HttpStatusCode.Accepted, same.Status);
        Assert.Equal("turn_answered", Code(another, HttpStatusCode.Conflict));
        var sends = await shop.SentAsync(2, number);
        Assert.Equal([Answer, $"{Running.Spine.Mark} at once"], sends.Select(send => send.Text));
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        Assert.Equal(3, shop.Sends.Count);
    }

    [PostgresFact]
    public async Task A_crash_keeps_the_turn_open_and_the_service_is_not_asked_again()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = call => call.Text!.Contains("later", StringComparison.Ordinal) ? 202 : $"{Running.Spine.Mark} at once";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var (number, other) = (Spine.NewNumber(), Spine.NewNumber());
        await shop.SaysAsync(number, Words("later"));
        await shop.SaysAsync(number, Words("behind it"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);

        await shop.SaysAsync(other, Words("quick"));
        await shop.SentAsync(1, other);

        // The service has given its 202, which the product may not have read yet.
        await shop.Channel.OpenAsync(agent.Calls.First().TurnId);
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.Equal(2, agent.Calls.Count);
        Assert.Equal(2, (await shop.Channel.MetricsAsync()).TurnsWaiting);

        var taken = await ReplyAsync(agent.Calls.First().TurnId, new { reply = Answer });
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();

        Assert.Equal(HttpStatusCode.Accepted, taken.Status);
        Assert.Equal([Answer, $"{Running.Spine.Mark} at once"], (await shop.SentAsync(2, number)).Select(send => send.Text).Distinct());
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        Assert.Equal(HttpStatusCode.Accepted, (await ReplyAsync(agent.Calls.First().TurnId, new { reply = Answer })).Status);
        var outs = (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Where(one => one.IsOut);
        Assert.Equal([Answer, $"{Running.Spine.Mark} at once"], outs.Select(one => one.Text));
    }

    [PostgresFact]
    public async Task When_the_time_is_over_the_failure_policy_applies_and_a_reply_is_refused_naming_the_limit()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 202;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url, reply_within_seconds = 1 }, policy: new { apology = $"{Running.Spine.Mark} sorry" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words());

        Assert.Equal($"{Running.Spine.Mark} sorry", (await shop.SentAsync(1)).Single().Text);
        var refused = await ReplyAsync(agent.Calls.Single().TurnId, new { reply = Answer });
        Assert.Equal("turn_expired", Code(refused, HttpStatusCode.Conflict));
        Assert.Contains("reply_within_seconds", refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("agent-too-late: ", (await shop.Channel.MetricsAsync()).LastError, StringComparison.Ordinal);
        var messages = await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number));
        Assert.StartsWith("agent-too-late: ", messages.Single(one => one.IsIn).Reason, StringComparison.Ordinal);
        Assert.Single(agent.Calls);
    }

    [PostgresFact]
    public async Task A_late_answer_may_hand_over()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 202;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words());
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);

        var taken = await ReplyAsync(agent.Calls.Single().TurnId, new { reply = Answer, hand_over = true });

        Assert.Equal(HttpStatusCode.Accepted, taken.Status);
        Assert.Equal(Answer, (await shop.SentAsync(1)).Single().Text);
        Assert.True((await shop.Channel.ConversationAsync(EvolutionBodies.Person(number))).AgentPaused);
    }

    [PostgresFact]
    public async Task A_person_who_takes_over_ends_the_turn_and_its_answer_is_not_sent()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = call => call.Text!.Contains("later", StringComparison.Ordinal) ? 202 : $"{Running.Spine.Mark} at once";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words("later"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        await shop.SaysAsync(Spine.NewNumber(), Words("quick"));
        await shop.SentAsync(1);
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));

        await shop.Channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/pause");
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        var refused = await ReplyAsync(agent.Calls.First().TurnId, new { reply = Answer });

        Assert.Equal("turn_overtaken", Code(refused, HttpStatusCode.Conflict));
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task An_answer_to_a_turn_that_a_person_took_over_before_the_202_is_refused_saying_so()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();
        agent.Behave = _ =>
        {
            var conversation = shop.Channel.ConversationAsync(EvolutionBodies.Person(number)).GetAwaiter().GetResult();
            shop.Channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/pause").GetAwaiter().GetResult();
            return 202;
        };

        await shop.SaysAsync(number, Words());
        await shop.MessagesAsync(number, "the message to be done with", messages => messages.Any(one => one.Reason == "a person answers this conversation"));

        Assert.Equal("turn_overtaken", Code(await ReplyAsync(agent.Calls.Single().TurnId, new { reply = Answer }), HttpStatusCode.Conflict));
        Assert.Empty(shop.Sends);
    }

    [PostgresFact]
    public async Task An_answer_that_overtakes_the_202_is_taken_and_the_202_changes_nothing()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var answers = new ConcurrentQueue<Answer>();
        agent.Behave = call =>
        {
            answers.Enqueue(ReplyAsync(call.TurnId, new { reply = Answer }).GetAwaiter().GetResult());
            return 202;
        };

        await shop.SaysAsync(Spine.NewNumber(), Words());

        Assert.Equal(Answer, (await shop.SentAsync(1)).Single().Text);
        await shop.Channel.IdleAsync(webhooksFinished: 1);

        // The reply may leave before the service has read that it was taken.
        await Until.TrueAsync("the service to hear of its answer", () => answers.Count == 1);
        Assert.Equal(HttpStatusCode.Accepted, Assert.Single(answers).Status);
        Assert.Single(shop.Sends);
        Assert.Single(agent.Calls);
    }

    [PostgresFact]
    public async Task An_unknown_turn_and_a_strangers_are_the_same_404_and_bad_replies_name_their_fields()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 202;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        await shop.SaysAsync(Spine.NewNumber(), Words());
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        var turn = agent.Calls.Single().TurnId;
        using var stranger = await ChannelsClient.NewTenantAsync(Spine.Product, "stranger");

        var foreign = await ReplyAsync(turn, new { reply = Answer }, api: stranger);
        var unknown = await ReplyAsync(new Guid("019aa5b1-0000-7000-8000-000000000001"), new { reply = Answer }, api: stranger);
        var empty = await ReplyAsync(turn, new { hand_over = false });
        var options = await ReplyAsync(turn, new { reply = Answer, options = new[] { "a", "" } });

        Assert.Equal("not_found", Code(foreign, HttpStatusCode.NotFound));
        Assert.Equal(unknown.Body, foreign.Body);
        Assert.Equal("reply", empty.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        Assert.Equal("options", options.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        Assert.Empty(shop.Sends);
    }

    private Task<Answer> ReplyAsync(Guid turn, object reply, string? key = null, ChannelsClient? api = null)
    {
        (string, string)[] headers = key is null ? [] : [("Idempotency-Key", $"{key}-{turn}")];
        return (api ?? Spine.Tenant).AskAsync(HttpMethod.Post, $"/api/v1/turns/{turn}/reply", JsonContent.Create(reply), headers);
    }

    private static string? Code(Answer answer, HttpStatusCode status)
    {
        Assert.True(answer.Status == status, $"{answer}");
        return answer.Json.GetProperty("code").GetString();
    }
}
