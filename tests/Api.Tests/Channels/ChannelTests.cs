using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Channels;

public sealed class ChannelTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresFact]
    public async Task A_channel_is_created_pending_and_shows_its_webhook_secret_this_once()
    {
        var tenant = await host.TenantAsync();

        var made = await (await tenant.Http.PostAsJsonAsync("/api/v1/channels", Asking.EvolutionChannel())).JsonAsync(HttpStatusCode.Created);
        var read = await (await tenant.Http.GetAsync($"/api/v1/channels/{made.GetProperty("id")}")).JsonAsync();

        Assert.Equal("pending", made.GetProperty("status").GetString());
        Assert.Equal(Asking.WebhookSecret, made.GetProperty("webhook_secret").GetString());
        Assert.Equal($"{host.Address}webhooks/evolution/{made.GetProperty("id")}", made.GetProperty("webhook_url").GetString());
        Assert.False(read.TryGetProperty("webhook_secret", out _));
        Assert.DoesNotContain("the-gateways-api-key", read.GetRawText(), StringComparison.Ordinal);
        Assert.True(read.GetProperty("has_secret_config").GetBoolean());
        Assert.Equal("shop1", read.GetProperty("config").GetProperty("instance_name").GetString());
    }
}
