using System.Text.Json;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class EvolutionTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    [PostgresFact]
    public async Task Activation_adopts_an_open_instance_and_points_its_webhook_to_us()
    {
        var shop = await Spine.EvolutionAsync(activate: false);
        Assert.Equal("pending", await shop.Channel.StatusAsync());

        var answer = await shop.Channel.ActivateAsync();

        Assert.True(answer.GetProperty("success").GetBoolean());
        Assert.Equal(("active", shop.Channel.Id), (answer.GetProperty("status").GetString(), answer.GetProperty("channel_id").GetGuid()));
        Assert.Equal(JsonValueKind.String, answer.GetProperty("activated_at").ValueKind);
        Assert.Equal(shop.Channel.WebhookUrl, shop.Instance.WebhookUrl);
        Assert.Equal(shop.Channel.Secret, shop.Instance.WebhookHeaders["apikey"]);
        Assert.Equal("active", await shop.Channel.StatusAsync());
    }

    [PostgresFact]
    public async Task Activation_creates_an_unknown_instance_and_waits_for_its_pairing()
    {
        var shop = await EvolutionChannel.CreateAsync(Spine.Tenant, Spine.Gateway, $"new{Spine.Next()}", Spine.NewNumber(), instanceExists: false);

        var answer = await shop.Channel.ActivateAsync();

        Assert.Equal((true, "connecting"), (answer.GetProperty("success").GetBoolean(), answer.GetProperty("status").GetString()));
        Assert.Equal(shop.Channel.WebhookUrl, Spine.Gateway.Instances[shop.Name].WebhookUrl);
    }

    [PostgresFact]
    public async Task A_customers_message_is_answered_through_the_gateway_with_bare_digits()
    {
        var shop = await Spine.EvolutionAsync();
        var (number, text) = (Spine.NewNumber(), Words());

        // Posted by the gateway itself, to where and with what activation told it.
        Assert.Equal(System.Net.HttpStatusCode.OK, await Spine.Gateway.Webhooks.CustomerSaysAsync(shop.Instance, EvolutionBodies.Person(number), text));

        var send = Assert.Single(await shop.SentAsync(1));
        Assert.Equal((number, text), (send.To, send.Text));
        var messages = await shop.MessagesAsync(number, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.Equal(send.Id, messages[^1].ProviderMessageId);
    }

    [PostgresFact]
    public async Task A_picture_is_fetched_from_the_gateway_and_kept()
    {
        var shop = await Spine.EvolutionAsync();
        var contact = EvolutionBodies.Person(Spine.NewNumber());
        shop.Instance.Files["3B-PICTURE"] = "a picture"u8.ToArray();

        await shop.Channel.DeliverAsync(EvolutionBodies.Image(shop.Name, contact, "3B-PICTURE", "the garden"));

        var messages = await Until.SeenAsync(
            "the picture, kept", () => shop.Channel.RawMessagesWithAsync(contact), found => found.Any(message => message.TryGetProperty("media_id", out _)));
        var reference = messages.Single(message => message.TryGetProperty("media_id", out _)).GetProperty("media_id").GetString();
        Assert.Equal("a picture"u8.ToArray(), await shop.Channel.Api.BytesAsync($"/api/v1/media/{reference}"));
    }

    [PostgresFact]
    public async Task A_hidden_number_is_answered_at_its_full_address()
    {
        var shop = await Spine.EvolutionAsync();
        var (hidden, text) = ($"20011223344{Spine.Next():0000}@lid", Words());

        await shop.SaysAsync(hidden, text);

        Assert.Equal((hidden, text), (await shop.SentAsync(1)).Select(send => (send.To, send.Text)).Single());
    }

    [PostgresFact]
    public async Task A_person_found_behind_a_hidden_number_goes_on_in_the_same_conversation()
    {
        var shop = await Spine.EvolutionAsync();
        var (hidden, number) = ($"20011223344{Spine.Next():0000}@lid", Spine.NewNumber());
        await shop.SaysAsync(hidden, Words("first"));
        await shop.SentAsync(1);
        await shop.SaysAsync(number, Words("another"));
        await shop.SentAsync(2);

        // 2.3.6 shows both addresses of one person.
        await shop.Channel.DeliverAsync(EvolutionBodies.Envelope("messages.upsert", shop.Name, new
        {
            key = new { remoteJid = hidden, remoteJidAlt = EvolutionBodies.Person(number), fromMe = false, id = EvolutionChannel.NewId(), addressingMode = "lid" },
            pushName = "Ines Okafor",
            message = new { conversation = Words("third") },
            messageType = "conversation",
            messageTimestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        }));

        await shop.SentAsync(3);
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        var conversation = Assert.Single(await shop.Channel.ConversationsAsync());
        var messages = await shop.Channel.MessagesAsync(conversation.Id);
        Assert.Equal(3, messages.Count(message => message.IsIn));
        Assert.Equal(3, messages.Count(message => message is { IsOut: true, Status: "sent" }));
    }

    [PostgresFact]
    public async Task What_goes_to_one_spelling_of_a_number_and_is_answered_from_the_other_is_one_conversation()
    {
        var shop = await Spine.EvolutionAsync();
        var line = $"319876{Spine.Next():0000}";
        var (written, known) = ($"55{line[..2]}9{line[2..]}", $"55{line}");
        await shop.SaysAsync(written, Words("first"));
        var send = (await shop.SentAsync(1))[0];
        await shop.MessagesAsync(written, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));

        await shop.Channel.DeliverAsync(EvolutionBodies.SendMessage(shop.Name, EvolutionBodies.Person(known), send.Id, send.Text));
        await shop.SaysAsync(known, Words("second"));

        await shop.SentAsync(2);
        await shop.Channel.IdleAsync(webhooksFinished: 3);
        var conversation = Assert.Single(await shop.Channel.ConversationsAsync());
        var messages = await shop.Channel.MessagesAsync(conversation.Id);
        Assert.Equal((2, 2), (messages.Count(message => message.IsIn), messages.Count(message => message.IsOut)));
    }

    [PostgresFact]
    public async Task A_group_is_recorded_and_answered_only_where_the_channel_wants_it()
    {
        var quiet = await Spine.EvolutionAsync();
        var open = await Spine.EvolutionAsync(policy: new { groups = true });
        var group = $"12036304{Spine.Next():0000000000}@g.us";
        var text = Words();

        await quiet.Channel.DeliverAsync(EvolutionBodies.Text(quiet.Name, group, EvolutionChannel.NewId(), text, participant: EvolutionBodies.Person(Spine.NewNumber())));
        await open.Channel.DeliverAsync(EvolutionBodies.Text(open.Name, group, EvolutionChannel.NewId(), text, participant: EvolutionBodies.Person(Spine.NewNumber())));

        Assert.Equal(group, Assert.Single(await open.SentAsync(1)).To);
        await quiet.Channel.IdleAsync(webhooksFinished: 1);
        var recorded = Assert.Single(await quiet.Channel.MessagesWithAsync(group));
        Assert.Equal(("ignored", true), (recorded.Status, recorded.Reason?.Contains("group", StringComparison.Ordinal)));
        Assert.Empty(quiet.Sends);
    }

    [PostgresFact]
    public async Task An_old_message_is_answered_unless_the_channel_says_how_old_is_too_old()
    {
        var patient = await Spine.EvolutionAsync();
        var strict = await Spine.EvolutionAsync(policy: new { answer_max_age = 60 });
        var yesterday = TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1);
        var number = Spine.NewNumber();

        await patient.Channel.DeliverAsync(EvolutionBodies.Text(patient.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words(), yesterday));
        await strict.Channel.DeliverAsync(EvolutionBodies.Text(strict.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words(), yesterday));

        await patient.SentAsync(1);
        await strict.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal("ignored", Assert.Single(await strict.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Status);
    }
}
