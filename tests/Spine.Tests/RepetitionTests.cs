using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class RepetitionTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task The_same_webhook_at_once_and_later_and_after_a_restart_is_one_message_with_one_reply()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        var body = EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words());

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => shop.Channel.DeliverAsync(body)));
        await shop.SentAsync(1);
        await shop.Channel.DeliverAsync(body);
        await shop.Channel.IdleAsync(webhooksFinished: 6);
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await Task.WhenAll(shop.Channel.DeliverAsync(body), shop.Channel.DeliverAsync(body));

        // Whoever writes after it is answered after it: had there been a second reply, it would be there.
        await shop.SaysAsync(number, Words("and then"));
        await shop.SentAsync(2);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 9);
        Assert.Equal(2, shop.Sends.Count);
        Assert.Equal((2, 2, 7), (metrics.MessagesReceived, metrics.MessagesSent, metrics.DuplicatesDropped));
        Assert.Equal(4, (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Count);
    }

    [PostgresFact]
    public async Task One_message_told_in_several_webhooks_is_one_message()
    {
        var shop = await Spine.EvolutionAsync();
        var (number, id, text) = (Spine.NewNumber(), EvolutionChannel.NewId(), Words());

        // Two receivers of the gateway, each with its own envelope around the same message.
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), id, text));
        await shop.Channel.DeliverAsync(EvolutionBodies.Envelope(
            "messages.upsert", shop.Name, new[] { EvolutionBodies.Data(EvolutionBodies.Person(number), false, id, text, null, "DELIVERY_ACK", "ios", null) }));

        await shop.Channel.IdleAsync(webhooksFinished: 2);
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task A_bad_item_in_a_batch_harms_none_of_the_others()
    {
        var shop = await Spine.EvolutionAsync();
        var (first, last) = (Spine.NewNumber(), Spine.NewNumber());
        var good = EvolutionBodies.Data(EvolutionBodies.Person(first), false, EvolutionChannel.NewId(), Words(), null, "DELIVERY_ACK", "ios", null);
        var alsoGood = EvolutionBodies.Data(EvolutionBodies.Person(last), false, EvolutionChannel.NewId(), Words("a \0 and a \ud800"), null, "DELIVERY_ACK", "ios", null);

        await shop.Channel.DeliverAsync(EvolutionBodies.Envelope("messages.upsert", shop.Name, new object?[] { good, null, 42, "text", new { key = 7 }, Array.Empty<int>(), alsoGood }));

        await shop.SentAsync(1, first);
        await shop.SentAsync(1, last);
    }
}
