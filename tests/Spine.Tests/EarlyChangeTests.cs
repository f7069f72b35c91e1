using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Edits and deletions that come before their message, or before its answer: what the contact means in the end is what is answered.</summary>
public sealed class EarlyChangeTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    /// <summary>Milliseconds. Nothing that holds up a post on a busy machine closes the burst before it.</summary>
    private const int Debounce = 10_000;

    private static readonly TimeSpan Later = TimeSpan.FromSeconds(45);

    [PostgresFact]
    public async Task A_message_whose_deletion_came_first_is_not_answered_and_one_whose_edit_did_is_as_edited()
    {
        var shop = await Spine.EvolutionAsync();
        var (number, gone, edited) = (Spine.NewNumber(), Words("gone"), Words("edited"));

        await shop.Channel.DeliverAsync(Deletion(shop, number, "3AW1"));
        await shop.Channel.DeliverAsync(Edit(shop, number, "3AW2", edited));
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), "3AW1", gone));
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), "3AW2", Words("original")));

        Assert.Equal(edited, Assert.Single(await shop.SentAsync(1, number)).Text);
        await shop.Channel.IdleAsync(webhooksFinished: 4);
        var ins = (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Where(one => one.IsIn);
        Assert.Equal([null, edited], ins.Select(one => one.Text));
        Assert.Single(shop.Sends);
    }

    [PostgresFact]
    public async Task What_is_edited_or_taken_back_while_more_is_waited_for_is_answered_as_it_is_then()
    {
        var shop = await Spine.EvolutionAsync(policy: new { debounce_ms = Debounce });
        var (number, edited) = (Spine.NewNumber(), Words("edited"));
        var chat = EvolutionBodies.Person(number);

        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, chat, "3AW3", Words("original")));
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, chat, "3AW4", Words("gone")));
        await Until.SeenAsync("both recorded", shop.Channel.MetricsAsync, now => now.MessagesReceived == 2);
        await shop.Channel.DeliverAsync(Edit(shop, number, "3AW3", edited));
        await shop.Channel.DeliverAsync(Deletion(shop, number, "3AW4"));

        Assert.Equal(edited, Assert.Single(await shop.SentAsync(1, number, Later)).Text);
    }

    [PostgresFact]
    public async Task What_is_taken_back_while_more_is_waited_for_is_not_answered()
    {
        var shop = await Spine.EvolutionAsync(policy: new { debounce_ms = Debounce });
        var number = Spine.NewNumber();

        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person(number), "3AW5", Words("gone")));
        await Until.SeenAsync("it recorded", shop.Channel.MetricsAsync, now => now.MessagesReceived == 1);
        await shop.Channel.DeliverAsync(Deletion(shop, number, "3AW5"));

        await shop.Channel.IdleAsync(webhooksFinished: 2, within: Later);
        Assert.Empty(shop.Sends);
    }

    private static byte[] Edit(EvolutionChannel shop, string number, string id, string text) => EvolutionBodies.Envelope("messages.edited", shop.Name, new
    {
        key = new { remoteJid = EvolutionBodies.Person(number), fromMe = false, id },
        type = "MESSAGE_EDIT",
        editedMessage = new { conversation = text },
        timestampMs = "1763700003234",
    });

    private static byte[] Deletion(EvolutionChannel shop, string number, string id) => EvolutionBodies.Envelope("messages.delete", shop.Name, new
    {
        remoteJid = EvolutionBodies.Person(number),
        fromMe = false,
        id,
        status = "DELETED",
    });
}
