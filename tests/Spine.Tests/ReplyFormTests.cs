using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>What a reply looks like to the contact: long ones in parts, choices with numbers, somebody typing.</summary>
public sealed class ReplyFormTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task A_reply_longer_than_the_kind_takes_leaves_in_parts_in_order_once_even_over_a_crash()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        var paragraphs = Enumerable.Range(1, 4).Select(n => $"{n} {Words(new string((char)('a' + n), 40_000))}").ToArray();

        await shop.SaysAsync(number, string.Join("\n\n", paragraphs));
        await shop.SentAsync(1);
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();

        await shop.SentAsync(4);
        await shop.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal(paragraphs, shop.Sends.Select(send => send.Text).Distinct());
        var outs = (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Where(one => one.IsOut).ToList();
        Assert.Equal(paragraphs, outs.Select(one => one.Text));
        Assert.All(outs, one => Assert.Equal("sent", one.Status));
    }

    [PostgresFact]
    public async Task Choices_are_offered_with_numbers_and_a_number_means_its_choice()
    {
        await using var agent = await AgentServer.StartAsync();
        var (red, blue) = ($"{Running.Spine.Mark} Red", $"{Running.Spine.Mark} Blue");
        agent.Behave = call => call.Text!.Contains("colour", StringComparison.Ordinal)
            ? new { reply = $"{Running.Spine.Mark} which?", options = new[] { red, blue } }
            : $"{Running.Spine.Mark} noted";
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words("colour"));
        Assert.Equal($"{Running.Spine.Mark} which?\n\n1. {red}\n2. {blue}", (await shop.SentAsync(1))[0].Text);
        await shop.SaysAsync(number, Words("is it cheap?"));
        await shop.SentAsync(2);
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await shop.SaysAsync(number, " 2. ");
        await shop.SentAsync(3);
        await shop.SaysAsync(number, "2");
        await shop.SentAsync(4);

        // Once chosen from, the offer is over: the next "2" may be an amount.
        Assert.Equal([blue, "2"], agent.Calls.TakeLast(2).Select(call => call.Text));
        var ins = (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Where(one => one.IsIn);
        Assert.Equal(["2.", "2"], ins.TakeLast(2).Select(one => one.Text!.Trim()));
    }

    [PostgresFact]
    public async Task An_agent_that_takes_its_time_shows_somebody_typing()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { typing = true });
        var slow = Spine.NewNumber();
        using var thinking = new ManualResetEventSlim();
        agent.Behave = _ =>
        {
            thinking.Wait(TimeSpan.FromSeconds(20));
            return $"{Running.Spine.Mark} answer";
        };

        await shop.SaysAsync(slow, Words());
        await Until.TrueAsync("somebody to be typing", () => Signs(shop).Any());
        thinking.Set();
        await shop.SentAsync(1, slow);

        Assert.All(Signs(shop), sign => Assert.Equal((slow, "composing"), (sign.To, sign.Presence)));
    }

    [PostgresFact]
    public async Task A_gateway_that_hangs_on_the_sign_neither_delays_nor_fails_the_turn()
    {
        await using var gateway = await FakeProviders.Evolution.FakeEvolution.StartAsync();
        gateway.HangsOnPresence = true;
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { typing = true }, gateway: gateway);
        agent.Behave = _ =>
        {
            Assert.True(SpinWait.SpinUntil(() => Signs(shop).Any(), TimeSpan.FromSeconds(20)));
            return $"{Running.Spine.Mark} answer";
        };

        await shop.SaysAsync(Spine.NewNumber(), Words());

        Assert.Equal($"{Running.Spine.Mark} answer", (await shop.SentAsync(1)).Single().Text);
        Assert.Null((await shop.Channel.MetricsAsync()).LastError);
    }

    [PostgresFact]
    public async Task Nobody_is_shown_typing_unless_the_channel_wants_it()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        using var never = new ManualResetEventSlim();
        agent.Behave = _ =>
        {
            never.Wait(TimeSpan.FromSeconds(2.5));
            return $"{Running.Spine.Mark} answer";
        };

        await shop.SaysAsync(Spine.NewNumber(), Words());
        await shop.SentAsync(1);

        Assert.Empty(Signs(shop));
    }

    private static IEnumerable<FakeProviders.Evolution.FakePresence> Signs(EvolutionChannel shop) => shop.Gateway.Presences.Where(sign => sign.Instance == shop.Name);
}
