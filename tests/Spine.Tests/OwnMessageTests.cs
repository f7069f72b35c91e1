using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Messages of our own account come back to us: as echoes of our sends, as what a person typed on the phone, and as receipts.</summary>
public sealed class OwnMessageTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresTheory]
    [InlineData("send.message", true)]
    [InlineData("send.message", false)]
    [InlineData("messages.upsert", true)]
    [InlineData("messages.upsert", false)]
    public async Task The_echo_of_our_own_send_is_not_taken_for_a_person(string form, bool beforeTheAnswer)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        var number = Spine.NewNumber();
        Task EchoAsync(FakeSend send) => shop.Channel.DeliverAsync(form == "send.message"
            ? EvolutionBodies.SendMessage(shop.Name, send.Chat, send.Id, send.Text)
            : EvolutionBodies.FromPhone(shop.Name, send.Chat, send.Id, send.Text));
        if (beforeTheAnswer)
        {
            gateway.Behaviour = new FakeBehaviour { BeforeAnswer = EchoAsync };
        }

        await shop.SaysAsync(number, Words("first"));
        var send = (await shop.SentAsync(1))[0];
        if (!beforeTheAnswer)
        {
            await shop.MessagesAsync(number, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
            await EchoAsync(send);
        }

        await shop.Channel.IdleAsync(webhooksFinished: 2);
        await shop.SaysAsync(number, Words("second"));

        // Were it taken for a person's, the agent would be silent now.
        await shop.SentAsync(2);
        var messages = await shop.MessagesAsync(number, "both replies, sent", found => found.Count(message => message is { IsOut: true, Status: "sent" }) == 2);
        Assert.Equal(4, messages.Count);
        Assert.All(messages.Where(message => message.IsOut), message => Assert.Equal("agent", message.Author));
        Assert.False((await shop.Channel.ConversationAsync(EvolutionBodies.Person(number))).AgentPaused);
    }

    [PostgresFact]
    public async Task A_person_who_answers_on_the_phone_silences_the_agent_there_and_nowhere_else()
    {
        var shop = await Spine.EvolutionAsync();
        var (taken, other) = (Spine.NewNumber(), Spine.NewNumber());
        await shop.SaysAsync(taken, Words());
        await shop.SentAsync(1, taken);
        await shop.Channel.IdleAsync(webhooksFinished: 1);

        await shop.Channel.DeliverAsync(EvolutionBodies.FromPhone(shop.Name, EvolutionBodies.Person(taken), EvolutionChannel.NewId(), Words("typed")));
        await shop.MessagesAsync(taken, "what was typed on the phone", found => found.Any(message => message.Author == "person"));
        await shop.SaysAsync(taken, Words("again"));
        await shop.SaysAsync(other, Words());

        await shop.SentAsync(1, other);
        await shop.Channel.IdleAsync(webhooksFinished: 4);
        Assert.Single(shop.Sends, send => send.To == taken);
        var messages = await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(taken));
        Assert.Equal(("in", "a person answers this conversation"), (messages[^1].Direction, messages[^1].Reason));
        var conversation = await shop.Channel.ConversationAsync(EvolutionBodies.Person(taken));
        Assert.True(conversation.AgentPaused);
        Assert.False((await shop.Channel.ConversationAsync(EvolutionBodies.Person(other))).AgentPaused);

        await shop.Channel.Api.PostAsync($"/api/v1/conversations/{conversation.Id}/resume");
        await shop.SaysAsync(taken, Words("and now"));
        await shop.SentAsync(2, taken);
    }

    [PostgresFact]
    public async Task A_send_that_timed_out_is_unknown_not_repeated_and_settled_by_its_echo()
    {
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        var shop = await Spine.EvolutionAsync(gateway: gateway, sendTimeout: 5);
        var (number, text) = (Spine.NewNumber(), Words("lost"));
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });

        await shop.SaysAsync(number, text);
        await shop.MessagesAsync(number, "the reply, unknown", found => found.Any(message => message is { IsOut: true, Status: "unknown" }));
        await shop.SaysAsync(number, Words("next"));
        await shop.SentAsync(2);
        await shop.MessagesAsync(number, "the next reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));

        var lost = Assert.Single(shop.Sends, send => send.Text == text);
        await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, lost.Chat, lost.Id, "DELIVERY_ACK"));
        await shop.Channel.DeliverAsync(EvolutionBodies.SendMessage(shop.Name, lost.Chat, lost.Id, lost.Text));

        // The echo brings the id; the receipt that came before it counts from then on.
        var messages = await shop.MessagesAsync(number, "the lost reply, delivered", found => found.Any(message => message is { IsOut: true, Status: "delivered" }));
        Assert.Equal((text, lost.Id), messages.Where(message => message.Status == "delivered").Select(message => (message.Text!, message.ProviderMessageId!)).Single());
        Assert.Equal(4, messages.Count);
        Assert.Single(shop.Sends, send => send.Text == text);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 4);
        Assert.Equal(2, metrics.MessagesSent);
    }

    [PostgresFact]
    public async Task A_send_that_timed_out_is_looked_up_at_a_gateway_that_can_say()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway, sendTimeout: 1);
        var (number, text) = (Spine.NewNumber(), Words("lost"));
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });

        await shop.SaysAsync(number, text);

        var messages = await shop.MessagesAsync(number, "the reply, found and sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.Equal(Assert.Single(shop.Sends).Id, messages[^1].ProviderMessageId);
        Assert.False(messages[^1].PossiblyDuplicate);
    }

    [PostgresFact]
    public async Task An_unknown_send_stays_unknown_over_a_restart_until_there_is_evidence()
    {
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        var shop = await Spine.EvolutionAsync(gateway: gateway, sendTimeout: 5);
        var number = Spine.NewNumber();
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });
        await shop.SaysAsync(number, Words("lost"));
        await shop.MessagesAsync(number, "the reply, unknown", found => found.Any(message => message is { IsOut: true, Status: "unknown" }));

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        await shop.SaysAsync(number, Words("next"));

        await shop.SentAsync(2);
        await shop.MessagesAsync(number, "the next reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.Equal(2, shop.Sends.Count);
        Assert.Single(await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number)), message => message.Status == "unknown");
    }

    [PostgresFact]
    public async Task An_unknown_send_is_looked_up_by_the_next_process()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway, sendTimeout: 1);
        var number = Spine.NewNumber();
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });
        await shop.SaysAsync(number, Words("lost"));
        await shop.MessagesAsync(number, "the reply, unknown", found => found.Any(message => message is { IsOut: true, Status: "unknown" }));

        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();

        // Nobody writes, nobody asks for anything: the start alone makes it look.
        var messages = await shop.MessagesAsync(number, "the reply, found and sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.Equal(Assert.Single(shop.Sends).Id, messages[^1].ProviderMessageId);
        Assert.False(messages[^1].PossiblyDuplicate);
    }

    [PostgresFact]
    public async Task A_reply_the_gateway_does_not_have_is_sent_once_more_and_marked_unless_the_conversation_went_on()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        gateway.KeepsAttempts = true;
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        var (waits, wentOn) = (Spine.NewNumber(), Spine.NewNumber());
        var (lost, overtaken) = (Words("lost"), Words("overtaken"));

        // A chat the gateway has never seen shows nothing, and proves nothing.
        await shop.SaysAsync(waits, Words("first"));
        await shop.SaysAsync(wentOn, Words("first"));
        await shop.SentAsync(2);
        async Task CutOffAsync(string number, string text)
        {
            gateway.Script(new FakeBehaviour { Reset = true });
            await shop.SaysAsync(number, text);
            await shop.MessagesAsync(number, "the reply, unknown", found => found.Any(message => message is { IsOut: true, Status: "unknown" }));
        }

        await CutOffAsync(wentOn, overtaken);
        await shop.SaysAsync(wentOn, Words("next"));
        await shop.SentAsync(2, wentOn);
        await CutOffAsync(waits, lost);

        var messages = await shop.MessagesAsync(
            waits, "the lost reply, sent after all", found => found.Any(message => message is { IsOut: true, Status: "sent" } && message.Text == lost), TimeSpan.FromSeconds(90));
        Assert.True(messages[^1].PossiblyDuplicate);
        Assert.Equal(2, gateway.Attempts.Count(attempt => attempt.Text == lost));
        Assert.Single(shop.Sends, send => send.Text == lost);
        // Events are listed once nobody can still write an earlier one: a moment after the message has its status.
        await Until.SeenAsync<IReadOnlyList<string?>>(
            "what became of the lost reply, as events",
            async () => [.. (await Spine.EventsAsync("delivery.updated")).Where(one => one.GetProperty("message_id").GetGuid() == messages[^1].Id).Select(one => one.GetProperty("data").GetProperty("status").GetString())],
            found => found is ["unknown", "queued", "sent"]);

        // It was cut off earlier and has been looked up as often; a reply to an older question would now confuse.
        Assert.Single(gateway.Attempts, attempt => attempt.Text == overtaken);
        Assert.Single(await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(wentOn)), message => message is { Status: "unknown", PossiblyDuplicate: false } && message.Text == overtaken);
    }

    [PostgresFact]
    public async Task The_late_echo_of_a_reply_sent_twice_after_a_crash_is_not_taken_for_a_person()
    {
        await using var gateway = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        var number = Spine.NewNumber();
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });
        await shop.SaysAsync(number, Words());
        var lost = (await shop.SentAsync(1))[0];
        await Spine.Product.KillAsync();
        await Spine.Product.StartAgainAsync();
        var messages = await shop.MessagesAsync(number, "the reply, sent once more", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.True(messages[^1].PossiblyDuplicate);
        Assert.Equal(2, shop.Sends.Count);

        await shop.Channel.DeliverAsync(EvolutionBodies.FromPhone(shop.Name, lost.Chat, lost.Id, lost.Text));
        await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, lost.Chat, lost.Id, "READ"));
        await shop.SaysAsync(number, Words("next"));

        await shop.SentAsync(3);
        messages = await shop.MessagesAsync(number, "the first reply read, the next one sent", found => found.Count(message => message is { IsOut: true, Status: "sent" or "read" }) == 2);
        Assert.Equal(["contact", "agent", "contact", "agent"], messages.Select(message => message.Author));
        Assert.Equal("read", messages[1].Status);
    }

    [PostgresFact]
    public async Task Receipts_move_a_message_forward_and_never_back()
    {
        var shop = await Spine.EvolutionAsync();
        var number = Spine.NewNumber();
        await shop.SaysAsync(number, Words());
        var send = (await shop.SentAsync(1))[0];
        await shop.MessagesAsync(number, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));

        Task AcknowledgeAsync(string status) => shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, send.Chat, send.Id, status));
        async Task<string> AfterAsync(string status, int webhooks)
        {
            await AcknowledgeAsync(status);
            await shop.Channel.IdleAsync(webhooks);
            return (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Single(message => message.IsOut).Status;
        }

        Assert.Equal("sent", await AfterAsync("SERVER_ACK", 2));
        Assert.Equal("read", await AfterAsync("READ", 3));
        Assert.Equal("read", await AfterAsync("DELIVERY_ACK", 4));
        Assert.Equal("read", await AfterAsync("SERVER_ACK", 5));
        Assert.Equal("read", await AfterAsync("PLAYED", 6));
        Assert.Equal("read", await AfterAsync("ERROR", 7));
    }

    [PostgresFact]
    public async Task One_members_receipt_does_not_make_a_message_read_by_the_group()
    {
        var shop = await Spine.EvolutionAsync(policy: new { groups = true });
        const string Group = "120363000000000077@g.us";
        var member = EvolutionBodies.Person(Spine.NewNumber());
        await shop.Channel.DeliverAsync(EvolutionBodies.Text(shop.Name, Group, EvolutionChannel.NewId(), Words(), participant: member));
        var send = (await shop.SentAsync(1))[0];
        await shop.Channel.IdleAsync(webhooksFinished: 1);

        await shop.Channel.DeliverAsync(EvolutionBodies.MembersReceipt(shop.Name, Group, member, send.Id, "DELIVERY_ACK"));
        await shop.Channel.DeliverAsync(EvolutionBodies.MembersReceipt(shop.Name, Group, member, send.Id, "READ"));
        await shop.Channel.IdleAsync(webhooksFinished: 3);

        Assert.Equal("sent", (await shop.Channel.MessagesWithAsync(Group)).Single(message => message.IsOut).Status);
        var book = await Spine.Tenant.GetAsync($"/api/v1/ledger?channel_id={shop.Channel.Id}");
        Assert.Contains("status.read of one member of a group", book.GetRawText(), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task A_receipt_that_overtakes_the_answer_to_the_send_is_kept_for_it()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        var number = Spine.NewNumber();
        gateway.Script(new FakeBehaviour
        {
            BeforeAnswer = async send =>
            {
                await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, send.Chat, send.Id, "DELIVERY_ACK"));
                await shop.Channel.DeliverAsync(EvolutionBodies.Receipt(shop.Name, send.Chat, send.Id, "SERVER_ACK"));
                await Until.SeenAsync("the receipts to be drained", shop.Channel.MetricsAsync, now => now.WebhooksFinished == 3);
            },
        });

        await shop.SaysAsync(number, Words());

        await shop.MessagesAsync(number, "the reply, delivered", found => found.Any(message => message is { IsOut: true, Status: "delivered" }));
    }
}
