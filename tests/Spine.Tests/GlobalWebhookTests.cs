using System.Net;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>Gateways that post the events of all their instances to one address of ours.</summary>
public sealed class GlobalWebhookTests(Running.Spine spine) : SpineTest(spine), IClassFixture<Running.Spine>
{
    private const string Path = "/api/webhooks/evolution";

    [PostgresFact]
    public async Task Two_tenants_instances_of_one_name_on_two_gateways_each_get_their_own()
    {
        await using var otherGateway = await FakeEvolution.StartAsync();
        using var otherTenant = await ChannelsClient.NewTenantAsync(Spine.Product, "other");
        var name = $"shared{Spine.Next()}";
        var ours = await EvolutionChannel.CreateAsync(Spine.Tenant, Spine.Gateway, name, Spine.NewNumber());
        var theirs = await EvolutionChannel.CreateAsync(otherTenant, otherGateway, name, Spine.NewNumber());
        Spine.KeepSecret(otherTenant.Key, ours.Channel.Secret, theirs.Channel.Secret);
        await theirs.Channel.ActivateAsync();
        // As one sets up a gateway by hand: nothing but its global webhook, with the secret in the address.
        theirs.Gateway.Webhooks.GlobalUrl = new Uri(Spine.Product.Address, $"{Path}/{theirs.Channel.Secret}");
        theirs.Gateway.Webhooks.GlobalByEvents = true;
        var (number, text) = (Spine.NewNumber(), Words());
        var unhooked = new FakeInstance(name, theirs.Instance.Token);

        Assert.Equal(HttpStatusCode.OK, await theirs.Gateway.Webhooks.CustomerSaysAsync(unhooked, EvolutionBodies.Person(number), text));

        Assert.Equal((number, text), (await theirs.SentAsync(1)).Select(send => (send.To, send.Text)).Single());
        await theirs.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Empty(ours.Sends);
        Assert.Empty(await ours.Channel.ConversationsAsync());
    }

    [PostgresFact]
    public async Task A_body_forged_with_anothers_instance_and_ones_own_secret_reaches_nobody()
    {
        var (mine, theirs) = (await Spine.EvolutionAsync(), await Spine.EvolutionAsync());
        var number = Spine.NewNumber();
        var forged = EvolutionBodies.Text(theirs.Name, EvolutionBodies.Person(number), EvolutionChannel.NewId(), Words("forged"));

        var answer = await PostAsync(mine.Channel.Secret, forged);

        Assert.Equal((HttpStatusCode.Unauthorized, "webhook_unauthenticated"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        // Whoever writes after it is answered after it: had there been a reply to the forged one, it would be there.
        await theirs.SaysAsync(number, Words("real"));
        await mine.SaysAsync(number, Words("real"));
        await theirs.SentAsync(1);
        await mine.SentAsync(1);
        Assert.Equal(1, (await theirs.Channel.IdleAsync(webhooksFinished: 1)).WebhooksFinished);
        Assert.Equal(1, (await mine.Channel.IdleAsync(webhooksFinished: 1)).WebhooksFinished);
        Assert.Equal(2, (await theirs.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Count);
    }

    [PostgresFact]
    public async Task A_message_that_comes_through_both_doors_is_answered_once()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await Spine.EvolutionAsync(gateway: gateway);
        gateway.Webhooks.GlobalUrl = new Uri(Spine.Product.Address, $"{Path}/{Running.Spine.GlobalWebhookSecret}");
        var number = Spine.NewNumber();

        // Activation has set the instance's own webhook; the gateway posts to both, its echoes of our sends too.
        Assert.Equal(HttpStatusCode.OK, await gateway.Webhooks.CustomerSaysAsync(shop.Instance, EvolutionBodies.Person(number), Words("first")));
        Assert.Equal(HttpStatusCode.OK, await gateway.Webhooks.CustomerSaysAsync(shop.Instance, EvolutionBodies.Person(number), Words("second")));

        await shop.SentAsync(2);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 4);
        Assert.Equal(2, shop.Sends.Count);
        Assert.Equal((2, 2), (metrics.MessagesReceived, metrics.MessagesSent));
        Assert.True(metrics.DuplicatesDropped >= 2, $"{metrics.DuplicatesDropped} duplicates dropped");
        Assert.Equal(4, (await shop.Channel.MessagesWithAsync(EvolutionBodies.Person(number))).Count);
    }

    [PostgresFact]
    public async Task What_nobody_can_read_behind_the_name_is_parked_without_the_operators_secret()
    {
        var shop = await Spine.EvolutionAsync();
        var destination = new Uri(Spine.Product.Address, $"{Path}/{Running.Spine.GlobalWebhookSecret}/messages-upsert");

        var answer = await PostAsync(
            $"{Running.Spine.GlobalWebhookSecret}/messages-upsert",
            System.Text.Encoding.UTF8.GetBytes($"{{\"instance\":\"{shop.Name}\",\"destination\":\"{destination}\", and no more JSON"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var metrics = await shop.Channel.IdleAsync(webhooksFinished: 1);
        Assert.Equal(1, metrics.ParkedNow);
        var parked = (await Spine.Tenant.GetAsync($"/api/v1/parked-webhooks?channel_id={shop.Channel.Id}")).GetRawText();
        Assert.Contains("messages-upsert", parked, StringComparison.Ordinal);
        Assert.DoesNotContain(Running.Spine.GlobalWebhookSecret, parked, StringComparison.Ordinal);
    }

    private Task<Answer> PostAsync(string rest, byte[] body) => Spine.Tenant.AskAsync(HttpMethod.Post, $"{Path}/{rest}", new ByteArrayContent(body));
}
