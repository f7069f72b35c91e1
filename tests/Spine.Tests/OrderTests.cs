using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class OrderTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [PostgresFact]
    public async Task Two_hundred_messages_of_one_contact_are_answered_in_order()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        var texts = Enumerable.Range(0, 200).Select(n => $"{Running.Spine.Mark} {n}").ToList();

        foreach (var text in texts)
        {
            await shop.SaysAsync(number, text);
        }

        Assert.Equal(texts, (await shop.SentAsync(200, within: Patience)).Select(send => send.Text));
        await shop.Channel.IdleAsync(webhooksFinished: 200);
        var messages = await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number));
        Assert.Equal(texts, messages.Where(message => message.IsIn).Select(message => message.Text));
        Assert.Equal(texts, messages.Where(message => message.IsOut).Select(message => message.Text));
    }

    [PostgresFact]
    public async Task Fifty_contacts_at_once_keep_each_their_order()
    {
        var shop = await Spine.EvolutionAsync();
        var numbers = Enumerable.Range(0, 50).Select(_ => Spine.NewNumber()).ToList();

        await Task.WhenAll(numbers.Select(async number =>
        {
            for (var n = 0; n < 8; n++)
            {
                await shop.SaysAsync(number, $"{Running.Spine.Mark} {number} {n}");
            }
        }));

        await shop.SentAsync(400, within: Patience);
        var expected = Enumerable.Range(0, 8);
        Assert.All(numbers, number => Assert.Equal(expected.Select(n => $"{Running.Spine.Mark} {number} {n}"), shop.Sends.Where(send => send.To == number).Select(send => send.Text)));
    }

    [PostgresFact]
    public async Task More_replies_than_memory_holds_leave_in_order_when_the_channel_may_send_again()
    {
        // The delivery of one account holds a thousand; what comes while they leave must not overtake what waits in the table.
        var shop = await Spine.EvolutionAsync(activate: false);
        var numbers = Enumerable.Range(0, 6).Select(_ => Spine.NewNumber()).ToList();
        async Task SayAsync(string number, int from, int count)
        {
            for (var n = from; n < from + count; n++)
            {
                await shop.SaysAsync(number, $"{Running.Spine.Mark} {number} {n:000}");
            }
        }

        await Task.WhenAll(numbers.Select(number => SayAsync(number, 0, 200)));
        await Until.SeenAsync("1200 replies waiting", shop.Channel.MetricsAsync, now => now.RepliesWaiting == 1200, within: Patience);
        await shop.Channel.ActivateAsync();
        await Task.WhenAll(numbers.Select(number => SayAsync(number, 200, 60)));

        await shop.SentAsync(6 * 260, within: Patience);
        Assert.All(numbers, number => Assert.Equal(
            Enumerable.Range(0, 260).Select(n => $"{Running.Spine.Mark} {number} {n:000}"), shop.Sends.Where(send => send.To == number).Select(send => send.Text)));
    }
}
