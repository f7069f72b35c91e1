using System.Net;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>The store goes away under load and comes back; the product stays.</summary>
public sealed class OutageTests
{
    [PostgresFact]
    public async Task While_the_store_is_away_webhooks_get_503_and_afterwards_all_goes_on()
    {
        await using var postgres = await OwnPostgres.StartAsync();
        await using var gateway = await FakeEvolution.StartAsync();
        await using var product = await Product.StartAsync(postgres.ConnectionString);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var shop = await EvolutionChannel.CreateAsync(tenant, gateway, "shop", "5491150000001");
        await shop.Channel.ActivateAsync();
        IReadOnlyList<Writer> writers = [.. Enumerable.Range(1, 4).Select(n => Writer.Customer(shop, $"549116100000{n}"))];
        await using var load = new Load(writers);
        load.Begin();

        for (var outage = 1; outage <= 2; outage++)
        {
            var before = load.Acknowledged;
            await Until.TrueAsync("some load", () => load.Acknowledged >= before + 100);
            await postgres.StopServerAsync();
            var (acknowledged, refused) = (load.Acknowledged, load.Refused);

            var answer = await shop.Channel.PostWebhookAsync(EvolutionBodies.Text(shop.Name, EvolutionBodies.Person("5491169999999"), EvolutionChannel.NewId(), $"{Running.Spine.Mark} unheard"));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (answer.Status, answer.ContentType));
            Assert.Matches("^[1-9][0-9]*$", answer.RetryAfter);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await product.StatusAsync("/readyz"));
            Assert.Equal(HttpStatusCode.OK, await product.StatusAsync("/healthz"));
            await Until.TrueAsync("more refusals", () => load.Refused > refused + 20);
            Assert.True(load.Acknowledged <= acknowledged + writers.Count, "a webhook got its 200 while there was no store");

            await postgres.StartServerAsync();
            await Until.SeenAsync("the product to be ready again", () => product.StatusAsync("/readyz"), status => status == HttpStatusCode.OK);
            await Until.TrueAsync("load again", () => load.Acknowledged > acknowledged + 50);
        }

        await load.EndAsync();
        var ledger = await Ledger.OfAsync(shop.Channel, writers, shop);
        ledger.AssertNothingLostAndDoublesMarked("after two outages");
        Assert.True(ledger.Doubled.Count == 0, $"{ledger}");
        product.Log.AssertAbsent([Running.Spine.Mark, tenant.Key, shop.Channel.Secret]);
    }
}
