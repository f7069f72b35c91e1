using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Several short messages in a row on a channel with <c>debounce_ms</c>.</summary>
public sealed class BurstTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    /// <summary>Milliseconds. Nothing that holds up a post on a busy machine closes the burst before it.</summary>
    private const int Debounce = 10_000;

    /// <summary>For what follows the end of a burst.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(45);

    private static readonly string Answer = $"{Running.Spine.Mark} to all of it";

    [PostgresFact]
    public async Task Messages_of_one_burst_are_one_turn_with_one_reply()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => Answer;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { debounce_ms = Debounce });
        var number = Spine.NewNumber();
        string[] said = [Words("one"), Words("two"), Words("three")];

        foreach (var text in said)
        {
            await shop.SaysAsync(number, text);
        }

        await shop.SentAsync(1, within: Later);
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        Assert.Equal(string.Join('\n', said), Assert.Single(agent.Calls).Text);
        Assert.Equal(Answer, Assert.Single(shop.Sends).Text);
        var ins = (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Where(one => one.IsIn).ToList();
        Assert.Equal(said, ins.Select(one => one.Text));
        Assert.Equal(ins[0].Id, agent.Calls.Single().TurnId);
    }

    [PostgresFact]
    public async Task A_picture_in_a_burst_keeps_its_place_before_the_joined_text()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => Answer;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url, accepts_media = true }, policy: new { debounce_ms = Debounce });
        var (chat, caption, text) = (EvolutionBodies.Person(Spine.NewNumber()), Words("look"), Words("how much?"));

        await shop.Channel.DeliverAsync(EvolutionBodies.Image(shop.Name, chat, EvolutionChannel.NewId(), caption));
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, chat, EvolutionChannel.NewId(), text));
        await shop.SentAsync(1, within: Later);

        var call = Assert.Single(agent.Calls);
        Assert.Equal($"{caption}\n{text}", call.Text);
        Assert.Equal(["message.image"], call.HistoryKinds);
    }

    [PostgresFact]
    public async Task A_crash_while_the_agent_is_asked_answers_the_burst_once()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => null;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { debounce_ms = Debounce });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words("one"));
        await shop.SaysAsync(number, Words("two"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty, within: Later);

        await Spine.Product.KillAsync();
        agent.Behave = _ => Answer;
        await Spine.Product.StartAgainAsync();

        await shop.SentAsync(1);
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        Assert.Equal(2, agent.Calls.Count);
        Assert.Single(agent.Calls.Select(call => (call.TurnId, call.Text)).Distinct());
        Assert.Single(await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number)), one => one.IsOut);
    }

    [PostgresFact]
    public async Task A_crash_while_the_burst_is_still_open_loses_none_of_it()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => Answer;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { debounce_ms = Debounce });
        var number = Spine.NewNumber();
        string[] said = [Words("one"), Words("two")];
        foreach (var text in said)
        {
            await shop.SaysAsync(number, text);
        }

        await Until.SeenAsync("both messages to wait", shop.Channel.MetricsAsync, now => now.TurnsWaiting == 2);
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();

        await shop.SentAsync(1, within: Later);
        Assert.Equal(string.Join('\n', said), Assert.Single(agent.Calls).Text);
    }

    [PostgresFact]
    public async Task A_burst_that_is_answered_later_is_ended_by_the_one_answer()
    {
        await using var agent = await AgentServer.StartAsync();
        agent.Behave = _ => 202;
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { debounce_ms = Debounce });
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words("one"));
        await shop.SaysAsync(number, Words("two"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty, within: Later);
        await shop.Channel.OpenAsync(agent.Calls.First().TurnId);

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await Spine.Tenant.PostAsync($"/api/v1/turns/{agent.Calls.First().TurnId}/reply", new { reply = Answer });

        await shop.SentAsync(1);
        await shop.Channel.IdleAsync(webhooksFinished: 2);
        Assert.Single(shop.Sends);
    }
}
