using System.Diagnostics;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class AgentTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Secret = "the-agents-own-secret-7d1";

    [PostgresFact]
    public async Task A_contact_whose_agent_hangs_delays_nobody_and_gets_the_apology_in_the_channels_language()
    {
        await using var agent = await AgentServer.StartAsync();
        Spine.KeepSecret(Secret);
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url, secret = Secret }, policy: new { locale = "es-AR" });
        var (stuck, other) = (Spine.NewNumber(), Spine.NewNumber());
        agent.Behave = call => call.Text!.Contains("hang", StringComparison.Ordinal) ? null : $"{Running.Spine.Mark} answer";
        var started = Stopwatch.GetTimestamp();

        await shop.SaysAsync(stuck, Words("hang"));
        await Until.TrueAsync("the agent to be asked", () => !agent.Calls.IsEmpty);
        await shop.SaysAsync(stuck, Words("behind it"));
        await shop.SaysAsync(other, Words("quick"));

        // Before the agent's time is over for the one that hangs.
        Assert.Equal($"{Running.Spine.Mark} answer", (await shop.SentAsync(1, other, within: TimeSpan.FromSeconds(18)))[0].Text);
        Assert.DoesNotContain(shop.Sends, send => send.To == stuck);
        var sends = await shop.SentAsync(2, stuck, within: TimeSpan.FromSeconds(40));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 20, 40);
        Assert.Equal(["Disculpa, ahora mismo no puedo responder. Inténtalo de nuevo en un momento.", $"{Running.Spine.Mark} answer"], sends.Select(send => send.Text));
        Assert.Contains("timeout", (await shop.Channel.MetricsAsync()).LastError, StringComparison.Ordinal);
        Assert.All(agent.Calls, call => Assert.Equal($"Bearer {Secret}", call.Authorization));
    }

    [PostgresFact]
    public async Task A_failing_agent_costs_an_apology_and_shows_as_the_last_error()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url }, policy: new { apology = $"{Running.Spine.Mark} sorry" });
        agent.Behave = _ => 500;

        await shop.SaysAsync(Spine.NewNumber(), Words());

        Assert.Equal($"{Running.Spine.Mark} sorry", (await shop.SentAsync(1))[0].Text);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Contains("500", metrics.LastError, StringComparison.Ordinal);
        Assert.NotNull(metrics.LastErrorAt);
    }

    [PostgresFact]
    public async Task An_agent_gets_the_history_and_is_asked_again_with_the_same_turn_after_a_crash()
    {
        await using var agent = await AgentServer.StartAsync();
        var shop = await Spine.EvolutionAsync(new { kind = "http", url = agent.Url });
        var number = Spine.NewNumber();
        agent.Behave = _ => $"{Running.Spine.Mark} answer";
        await shop.SaysAsync(number, Words("first"));
        await shop.SentAsync(1);
        agent.Behave = _ => null;

        await shop.SaysAsync(number, Words("second"));
        await Until.TrueAsync("the agent to be asked about the second message", () => agent.Calls.Count == 2);
        await Spine.Product.KillAsync();
        agent.Behave = _ => $"{Running.Spine.Mark} at last";
        await Spine.Product.StartAgainAsync();

        Assert.Equal($"{Running.Spine.Mark} at last", (await shop.SentAsync(2))[1].Text);
        var calls = agent.Calls.ToArray();
        Assert.Equal([0, 2, 2], calls.Select(call => call.History));
        Assert.Equal(calls[1].TurnId, calls[2].TurnId);
        Assert.NotEqual(calls[0].TurnId, calls[1].TurnId);
    }
}
