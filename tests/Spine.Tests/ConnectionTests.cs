using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class ConnectionTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task A_closed_connection_is_shown_with_its_next_step_and_replies_wait_for_the_next_opening()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        shop.Instance.State = "close";
        await shop.Channel.DeliverAsync(EvolutionBodies.Connection(shop.Name, "close", 401));
        var state = await Until.SeenAsync("the channel to be disconnected", shop.Channel.StateAsync, now => now.GetProperty("status").GetString() == "disconnected");
        Assert.False(string.IsNullOrEmpty(state.GetProperty("status_reason").GetString()));
        Assert.False(string.IsNullOrEmpty(state.GetProperty("next_step").GetString()));

        foreach (var n in (int[])[1, 2, 3])
        {
            await shop.SaysAsync(number, $"{Running.Spine.Mark} waiting {n}");
        }

        await Until.SeenAsync("three replies waiting", shop.Channel.MetricsAsync, now => now is { RepliesWaiting: 3, TurnsWaiting: 0 });
        Assert.Empty(shop.Sends);
        shop.Instance.State = "open";
        await shop.Channel.DeliverAsync(EvolutionBodies.Connection(shop.Name, "open", 200));

        Assert.Equal(["1", "2", "3"], (await shop.SentAsync(3)).Select(send => send.Text[^1..]));
        Assert.Equal("active", await shop.Channel.StatusAsync());
    }

    [PostgresFact]
    public async Task Before_its_activation_a_channel_keeps_webhooks_and_answers_them_afterwards()
    {
        var shop = await Spine.EvolutionAsync(activate: false);
        var number = Spine.NewNumber();

        await shop.SaysAsync(number, Words());
        await Until.SeenAsync("a reply waiting", shop.Channel.MetricsAsync, now => now is { MessagesReceived: 1, RepliesWaiting: 1 });
        Assert.Empty(shop.Sends);
        await shop.Channel.ActivateAsync();

        await shop.SentAsync(1, number);
    }

    [PostgresFact]
    public async Task A_channel_its_owner_switched_off_stays_off_whatever_its_gateway_says()
    {
        var shop = await Spine.EvolutionAsync();
        await shop.Channel.DeactivateAsync();

        await shop.Channel.DeliverAsync(EvolutionBodies.Connection(shop.Name, "open", 200));
        await shop.SaysAsync(Spine.NewNumber(), Words());

        await Until.SeenAsync("a reply waiting", shop.Channel.MetricsAsync, now => now is { WebhooksFinished: 2, RepliesWaiting: 1 });
        Assert.Equal("inactive", await shop.Channel.StatusAsync());
        Assert.Empty(shop.Sends);
    }

    [PostgresFact]
    public async Task A_gateway_that_is_away_is_tried_again_until_it_is_there()
    {
        await using var gateway = await FakeProviders.Evolution.FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        await gateway.StopAsync();

        await shop.SaysAsync(Spine.NewNumber(), Words());
        await Until.SeenAsync("a failed attempt", shop.Channel.MetricsAsync, now => now.LastError is not null);
        await gateway.StartAgainAsync();

        await shop.SentAsync(1);
    }
}
