using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.FakeProviders.Waha;
using Channels.Spine.Tests.Running;
using Channels.Testing;
using Microsoft.AspNetCore.Http;

namespace Channels.Spine.Tests;

/// <summary>What is connected at the gateway already is taken over: it counts as working once the gateway knows where to post.</summary>
public sealed class AdoptionTests(PairingSpine spine) : SpineTest(spine), IClassFixture<PairingSpine>
{
    [PostgresTheory]
    [InlineData(500, HttpStatusCode.BadGateway)]
    [InlineData(400, HttpStatusCode.UnprocessableEntity)]
    public async Task An_open_instance_is_active_only_once_its_webhook_is_set(int status, HttpStatusCode answered)
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await ShopAsync(gateway);
        var refusals = RefuseWebhooks(gateway, status);

        Assert.Equal(answered, (await shop.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{shop.Channel.Id}/activate")).Status);
        await Until.TrueAsync("the gateway to be told again", () => refusals() >= 3);
        Assert.Equal("error", await shop.Channel.StatusAsync());
        gateway.Before = null;

        await Until.SeenAsync("the channel to be active", shop.Channel.StatusAsync, now => now == "active");
        Assert.Equal(shop.Channel.WebhookUrl, shop.Instance.WebhookUrl);
    }

    [PostgresFact]
    public async Task A_refresh_of_a_channel_that_was_never_activated_sets_the_webhook_of_its_open_instance()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await ShopAsync(gateway);

        await shop.Channel.Api.PostAsync($"/api/v1/channels/{shop.Channel.Id}/refresh-session");

        await Until.SeenAsync("the channel to be active", shop.Channel.StatusAsync, now => now == "active");
        Assert.Equal(shop.Channel.WebhookUrl, shop.Instance.WebhookUrl);
    }

    [PostgresFact]
    public async Task A_working_channel_whose_new_secret_the_gateway_did_not_take_works_on_says_so_and_the_gateway_is_told_until_it_does()
    {
        await using var gateway = await FakeEvolution.StartAsync();
        var shop = await ShopAsync(gateway);
        await shop.Channel.ActivateAsync();
        var secret = (await shop.Channel.Api.PostAsync($"/api/v1/channels/{shop.Channel.Id}/rotate-webhook-secret", new { })).GetProperty("webhook_secret").GetString()!;
        Spine.KeepSecret(secret);
        var refusals = RefuseWebhooks(gateway, 500);

        Assert.Equal(HttpStatusCode.BadGateway, (await shop.Channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{shop.Channel.Id}/activate")).Status);
        await Until.TrueAsync("the gateway to be told again", () => refusals() >= 3);
        var state = await Until.SeenAsync("what is wrong", shop.Channel.StateAsync, now => now.GetProperty("status_code").ValueKind == JsonValueKind.String);
        Assert.Equal(("active", "webhook-unconfirmed"), (state.GetProperty("status").GetString(), state.GetProperty("status_code").GetString()));
        gateway.Before = null;

        await Until.SeenAsync("nothing to be wrong", shop.Channel.StateAsync, now => now.GetProperty("status_code").ValueKind == JsonValueKind.Null);
        Assert.Contains(secret, shop.Instance.WebhookHeaders.Values);
    }

    [PostgresFact]
    public async Task A_working_channel_that_moves_to_another_gateway_is_told_there_where_to_post()
    {
        await using var before = await FakeEvolution.StartAsync();
        await using var after = await FakeEvolution.StartAsync();
        var shop = await ShopAsync(before);
        await shop.Channel.ActivateAsync();
        var there = after.AddInstance(shop.Name);
        there.OwnJid = shop.Instance.OwnJid;

        await shop.Channel.Api.PatchAsync(
            $"/api/v1/channels/{shop.Channel.Id}", new { config = new { base_url = after.Address, api_key = after.Options.ApiKey, instance_name = shop.Name } });

        await Until.TrueAsync("the gateway to be told where to post", () => there.WebhookUrl == shop.Channel.WebhookUrl);
        Assert.Equal("active", await shop.Channel.StatusAsync());
    }

    [PostgresFact]
    public async Task A_working_session_is_active_only_once_it_posts_to_us()
    {
        await using var server = await FakeWaha.StartAsync();
        var (name, number) = ($"waha{Spine.Next()}", $"5491150{Spine.Next():000000}");
        var session = server.AddSession(name, number: number);
        var channel = await Spine.Tenant.CreateChannelAsync(new
        {
            name, channel_type = "waha", identity = number, config = new { baseURL = server.Address, sessionID = name, api_key = server.Options.ApiKey }, agent = new { kind = "echo" },
        });
        Spine.KeepSecret(channel.Secret);
        var refused = 0;
        server.Before = (http, _) => Task.FromResult(HttpMethods.IsPut(http.Request.Method) && Refused(http, 500, ref refused));

        Assert.Equal(HttpStatusCode.BadGateway, (await channel.Api.AskAsync(HttpMethod.Post, $"/api/v1/channels/{channel.Id}/activate")).Status);
        await Until.TrueAsync("the server to be told again", () => Volatile.Read(ref refused) >= 3);
        Assert.Equal("error", await channel.StatusAsync());
        server.Before = null;

        await Until.SeenAsync("the channel to be active", channel.StatusAsync, now => now == "active");
        Assert.Contains(session.Webhooks, webhook => webhook.GetProperty("url").GetString() == channel.WebhookUrl.ToString());
    }

    // An instance that somebody connected at the gateway, and that posts nowhere.
    private async Task<EvolutionChannel> ShopAsync(FakeEvolution gateway)
    {
        var shop = await EvolutionChannel.CreateAsync(Spine.Tenant, gateway, $"found{Spine.Next()}", $"5491150{Spine.Next():000000}");
        Spine.KeepSecret(shop.Channel.Secret);
        return shop;
    }

    // Returns how often it did.
    private static Func<int> RefuseWebhooks(FakeEvolution gateway, int status)
    {
        var refused = 0;
        gateway.Before = (http, call, _) => Task.FromResult(call == "/webhook/set" && Refused(http, status, ref refused));
        return () => Volatile.Read(ref refused);
    }

    private static bool Refused(HttpContext http, int status, ref int refused)
    {
        Interlocked.Increment(ref refused);
        http.Response.StatusCode = status;
        return true;
    }
}
