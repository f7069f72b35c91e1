using System.Net.Http.Json;
using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Who answers after the agent: a person, from a hand-over until the conversation is given back.</summary>
public sealed class HandOverTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task An_agent_hands_over_with_a_text_and_keeps_silent_until_it_is_resumed()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = call => call.Text!.Contains("person", StringComparison.Ordinal)
            ? new { reply = $"{Running.Spine.Mark} somebody will come", hand_over = true }
            : $"{Running.Spine.Mark} answer";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words("a person please"));
        Assert.Equal($"{Running.Spine.Mark} somebody will come", (await shop.SentAsync(1))[0].Text);
        await shop.SaysAsync(number, Words("still there?"));
        var silent = await shop.MessagesAsync(number, "the second message to be done with", messages => messages.Count(one => one.IsIn && one.Reason is not null) == 2);

        Assert.Equal("handed over: the agent asked for a person", silent.First(one => one.IsIn).Reason);
        Assert.Equal("a person answers this conversation", silent.Last(one => one.IsIn).Reason);
        Assert.Single(agent.Calls);
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));
        Assert.True(conversation.AgentPaused);
        var told = Assert.Single(await HandOversAsync(conversation.Id));
        Assert.Equal("the agent asked for a person", told.GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal(silent.First(one => one.IsIn).Id, told.GetProperty("message_id").GetGuid());

        await shop.Channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/resume");
        await shop.SaysAsync(number, Words("and now?"));
        Assert.Equal($"{Running.Spine.Mark} answer", (await shop.SentAsync(2))[1].Text);
    }

    [PostgresFact]
    public async Task A_hand_over_survives_a_crash_and_a_person_who_answers_on_the_phone()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => new { hand_over = true };
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { takeover_pause = 0 });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words("hola"));
        await shop.MessagesAsync(number, "the hand-over", messages => messages.Any(one => one.Reason is not null));

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await shop.Channel.DeliverAsync(EvolutionBodies.FromPhone(shop.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words("from the phone")));
        await shop.MessagesAsync(number, "the phone's message", messages => messages.Any(one => one.Author == "person"));
        await shop.SaysAsync(number, Words("thanks"));
        await shop.MessagesAsync(number, "the last message to be done with", messages => messages.Count(one => one.IsIn && one.Reason is not null) == 2);

        Assert.Single(agent.Calls);
        Assert.Empty(shop.Sends);
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));
        Assert.True(conversation.AgentPaused);
        Assert.Single(await HandOversAsync(conversation.Id));
    }

    [PostgresFact]
    public async Task A_keyword_gets_a_person_without_asking_the_agent_and_only_as_the_whole_message()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => $"{Running.Spine.Mark} answer";
        var shop = await Spine.EvolutionAsync(
            new { kind = "http", url = agent.Url }, policy: new { handover_keywords = new[] { "human", "Mensch" }, handover_text = $"{Running.Spine.Mark} one moment" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, "are you a human?");
        await shop.SentAsync(1);
        await shop.SaysAsync(number, "  MENSCH!! ");
        var sends = await shop.SentAsync(2);

        Assert.Equal([$"{Running.Spine.Mark} answer", $"{Running.Spine.Mark} one moment"], sends.Select(send => send.Text));
        Assert.Single(agent.Calls);
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));
        Assert.True(conversation.AgentPaused);
        var messages = await shop.Channel.MessagesAsync(conversation.Id);
        Assert.Equal("handed over: the contact asked for a person", messages.Last(one => one.IsIn).Reason);
    }

    [PostgresFact]
    public async Task Who_was_handed_over_under_a_hidden_id_stays_so_when_the_number_turns_out_to_be_the_same_person()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = call => call.Text!.Contains("person", StringComparison.Ordinal) ? new { hand_over = true } : $"{Running.Spine.Mark} answer";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var (hidden, number) = ($"20011223345{Spine.Next():0000}@lid", Spine.NewNumber());
        await shop.SaysAsync(hidden, Words("a person please"));
        await Until.SeenAsync(
            "the hand-over", () => shop.Channel.MessagesWithAsync(hidden), messages => messages.Any(one => one.Reason == "handed over: the agent asked for a person"), Channel.Shown);
        await shop.SaysAsync(number, Words("hola"));
        await shop.SentAsync(1, number);

        await shop.Channel.DeliverAsync(EvolutionBodies.Envelope("messages.upsert", shop.Name, new
        {
            key = new { remoteJid = hidden, remoteJidAlt = EvolutionBodies.Person(number), fromMe = false, id = EvolutionChannel.NewId(), addressingMode = "lid" },
            pushName = "Ines Okafor",
            message = new { conversation = Words("me again") },
            messageType = "conversation",
            messageTimestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        }));

        await shop.MessagesAsync(number, "the last message to be done with", messages => messages.Any(one => one.IsIn && one.Reason == "a person answers this conversation"));
        Assert.Equal(2, agent.Calls.Count);
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task A_keyword_gets_a_person_also_while_an_answer_is_waited_for()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 202;
        var shop = await Spine.EvolutionAsync(
            new { kind = "http", url = agent.Url }, policy: new { handover_keywords = new[] { "human" }, handover_text = $"{Running.Spine.Mark} one moment" });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words());
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);

        await shop.SaysAsync(number, "Human!");

        Assert.Equal($"{Running.Spine.Mark} one moment", (await shop.SentAsync(1)).Single().Text);
        var messages = await shop.MessagesAsync(number, "both messages to be done with", found => found.Count(one => one.IsIn && one.Reason is not null) == 2);
        Assert.Equal(["handed over: the contact asked for a person", "a person answers this conversation"], messages.Where(one => one.IsIn).Select(one => one.Reason));
        Assert.Single(await HandOversAsync((await shop.Channel.ConversationAsync(EvolutionBodies.Person(number))).Id));
        var late = await Spine.Tenant.AskAsync(HttpMethod.Post, $"/api/v1/turns/{agent.Calls.Single().TurnId}/reply", JsonContent.Create(new { reply = "too late" }), []);
        Assert.Equal("turn_overtaken", late.Json.GetProperty("code").GetString());
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task A_silent_failure_policy_sends_nothing_shows_the_reason_and_asks_again_next_time()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 500;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { on_agent_failure = "silent" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words("first"));
        var failed = await shop.MessagesAsync(number, "the failure's reason", messages => messages.Any(one => one.Reason is not null));
        agent.Behave = _ => $"{Running.Spine.Mark} better";
        await shop.SaysAsync(number, Words("second"));

        Assert.StartsWith("agent-status: ", failed.Single().Reason, StringComparison.Ordinal);
        Assert.Equal($"{Running.Spine.Mark} better", (await shop.SentAsync(1)).Single().Text);
        Assert.Contains("500", (await shop.Channel.MetricsAsync()).LastError, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_failure_can_hand_the_conversation_over()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 500;
        var shop = await Spine.EvolutionAsync(
            new { kind = "http", url = agent.Url }, policy: new { on_agent_failure = "hand_over", handover_text = $"{Running.Spine.Mark} one moment" });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words());
        Assert.Equal($"{Running.Spine.Mark} one moment", (await shop.SentAsync(1)).Single().Text);

        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(number));
        Assert.True(conversation.AgentPaused);
        Assert.StartsWith("agent-status: ", Assert.Single(await HandOversAsync(conversation.Id)).GetProperty("data").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("500", (await shop.Channel.MetricsAsync()).LastError, StringComparison.Ordinal);
    }

    private Task<IReadOnlyList<JsonElement>> HandOversAsync(Guid conversation) => Until.SeenAsync<IReadOnlyList<JsonElement>>(
        "the event of a hand-over",
        async () => [.. (await Spine.EventsAsync("conversation.handed_over")).Where(one => one.GetProperty("conversation_id").GetGuid() == conversation)],
        found => found.Count > 0);
}
