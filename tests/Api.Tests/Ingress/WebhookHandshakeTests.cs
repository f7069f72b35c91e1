using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Ingress;

/// <summary>A provider asks whether an address is ours before it posts there.</summary>
public sealed class WebhookHandshakeTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string AllChannels = "/api/webhooks/whatsapp_cloud";
    private static long _numbers = 500_600_800_900_000;

    private readonly string _number = Interlocked.Increment(ref _numbers).ToString(CultureInfo.InvariantCulture);

    [PostgresTheory]
    [InlineData("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}", HttpStatusCode.OK)]
    [InlineData("hub.verify_token={token}&hub.challenge=1158201444&hub.mode=subscribe", HttpStatusCode.OK)]
    [InlineData("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=wrong", HttpStatusCode.Forbidden)]
    [InlineData("hub.mode=subscribe&hub.challenge=1158201444", HttpStatusCode.Forbidden)]
    [InlineData("hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token={token}", HttpStatusCode.Forbidden)]
    [InlineData("hub.challenge=1158201444", HttpStatusCode.Forbidden)]
    [InlineData("", HttpStatusCode.Forbidden)]
    public async Task The_question_whether_an_address_is_ours_is_answered_with_its_bare_challenge(string query, HttpStatusCode expected)
    {
        var token = $"verify {_number} & more+";
        var channel = await ChannelAsync(token.Replace(' ', '-'));
        query = query.Replace("{token}", Uri.EscapeDataString(token.Replace(' ', '-')), StringComparison.Ordinal);

        foreach (var address in new[] { $"/webhooks/whatsapp_cloud/{channel}", AllChannels })
        {
            var answer = await host.Client().GetAsync($"{address}?{query}");

            Assert.Equal(expected, answer.StatusCode);
            if (expected == HttpStatusCode.OK)
            {
                Assert.Equal("1158201444", await answer.Content.ReadAsStringAsync());
                Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
            }
            else
            {
                await answer.ProblemAsync(403, "webhook_token_wrong");
            }
        }
    }

    [PostgresFact]
    public async Task Without_a_token_of_its_own_a_channels_webhook_secret_is_it_and_the_operators_holds_for_all()
    {
        var channel = await ChannelAsync(token: null);

        Assert.Equal("7", await host.Client().GetStringAsync($"/webhooks/whatsapp_cloud/{channel}?hub.mode=subscribe&hub.challenge=7&hub.verify_token={Asking.WebhookSecret}"));
        Assert.Equal("8", await host.Client().GetStringAsync($"{AllChannels}?hub.mode=subscribe&hub.challenge=8&hub.verify_token={ApiHost.GlobalWebhookSecret}"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client().GetAsync($"/webhooks/whatsapp_cloud/{Seed.NewId()}?hub.mode=subscribe&hub.challenge=7&hub.verify_token=x")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await host.Client().GetAsync($"/webhooks/evolution/{channel}?hub.mode=subscribe&hub.challenge=7&hub.verify_token=x")).StatusCode);
    }

    private async Task<Guid> ChannelAsync(string? token)
    {
        var tenant = await host.TenantAsync();
        var config = new Dictionary<string, string>
        {
            ["phoneNumberID"] = _number, ["waba_id"] = $"{_number}1", ["accessToken"] = "a-token", ["appSecret"] = "the-apps-secret-0123456789", ["base_url"] = "http://127.0.0.1:5090",
        };
        if (token is not null)
        {
            config["webhookToken"] = token;
        }

        var answer = await tenant.Http.PostAsJsonAsync(
            "/api/v1/channels", new { name = "Cloud", channel_type = "whatsapp_cloud", identity = $"+{_number}", webhook_secret = Asking.WebhookSecret, config, agent = new { kind = "echo" } });
        return (await answer.JsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }
}
