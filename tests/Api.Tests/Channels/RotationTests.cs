using System.Net;
using System.Net.Http.Json;
using System.Text;
using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Api.Tests.Channels;

/// <summary>A webhook secret that another takes the place of, while the provider still shows the former one.</summary>
public sealed class RotationTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Former = Asking.WebhookSecret;
    private static int _names;

    private readonly string _name = $"rotated-{Interlocked.Increment(ref _names)}";

    [PostgresFact]
    public async Task The_new_secret_is_shown_once_with_how_long_the_former_is_taken()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var before = TimeProvider.System.GetUtcNow();
        var rotated = await (await tenant.Http.PostAsync($"/api/v1/channels/{id}/rotate-webhook-secret", null)).JsonAsync();
        var entry = await EntryAsync(id);

        Assert.Equal(rotated.GetProperty("webhook_secret").GetString(), entry.Connection.WebhookSecret);
        Assert.NotEqual(Former, entry.Connection.WebhookSecret);
        Assert.InRange(rotated.GetProperty("former_valid_until").GetDateTimeOffset() - before, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        host.Logs.AssertAbsent(Former, entry.Connection.WebhookSecret);
    }

    [PostgresTheory]
    [InlineData("""{"webhook_secret":"short"}""", "webhook_secret")]
    [InlineData("""{"former_valid_seconds":-1}""", "former_valid_seconds")]
    [InlineData("""{"former_valid_seconds":86401}""", "former_valid_seconds")]
    public async Task What_cannot_be_is_refused_and_changes_nothing(string body, string field)
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateSimulatorAsync();

        var refused = await RotateAsync(tenant, id, body);

        Assert.Equal([field], (await refused.ProblemAsync(422, "invalid_fields")).Fields());
        Assert.Equal(Former, (await EntryAsync(id)).Connection.WebhookSecret);
        Assert.Empty((await EntryAsync(id)).FormerWebhookSecrets);
    }

    [PostgresFact]
    public async Task What_shows_the_former_secret_is_taken_for_a_while()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync(_name);
        var secret = (await (await RotateAsync(tenant, id, "{}")).JsonAsync()).GetProperty("webhook_secret").GetString()!;

        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}", Former));
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}/{Former}/messages-upsert"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/api/webhooks/evolution/{Former}"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}", secret));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync($"/webhooks/evolution/{id}", "somebody-elses-secret"));

        // Neither is kept.
        Assert.Equal(",,,messages-upsert", await host.ScalarAsync("select string_agg(path, ',' order by path) from inbox where account_id = $1", id));

        await host.ScalarAsync("update account set former_webhook_secrets_until = array[now()] where id = $1", id);
        Directory.Forget(new AccountId(id));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync($"/webhooks/evolution/{id}", Former));
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}", secret));
    }

    [PostgresFact]
    public async Task One_that_leaked_is_taken_no_longer()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync(_name);
        await (await RotateAsync(tenant, id, "{}")).JsonAsync();

        var rotated = await (await RotateAsync(tenant, id, """{"former_valid_seconds":0}""")).JsonAsync();

        Assert.False(rotated.TryGetProperty("former_valid_until", out _));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync($"/webhooks/evolution/{id}", Former));
    }

    [PostgresFact]
    public async Task A_secret_that_is_changed_with_the_channel_is_taken_for_a_while_and_another_change_leaves_that()
    {
        var tenant = await host.TenantAsync();
        var id = await tenant.CreateEvolutionAsync(_name);

        await (await tenant.Http.PatchAsJsonAsync($"/api/v1/channels/{id}", new { webhook_secret = "the-second-webhook-secret" })).JsonAsync();
        await (await tenant.Http.PatchAsJsonAsync($"/api/v1/channels/{id}", new { name = "another name" })).JsonAsync();
        Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}", Former));

        // The provider may not have heard of the second before the third: what was promised of the first holds.
        await (await tenant.Http.PatchAsJsonAsync($"/api/v1/channels/{id}", new { webhook_secret = "the-third-webhook-secret" })).JsonAsync();
        await (await RotateAsync(tenant, id, """{"webhook_secret":"the-fourth-webhook-secret"}""")).JsonAsync();
        foreach (var secret in new[] { Former, "the-second-webhook-secret", "the-third-webhook-secret", "the-fourth-webhook-secret" })
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync($"/webhooks/evolution/{id}", secret));
        }

        // Until somebody says that none is to count any more.
        await (await RotateAsync(tenant, id, """{"webhook_secret":"the-fifth-webhook-secret","former_valid_seconds":0}""")).JsonAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync($"/webhooks/evolution/{id}", Former));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync($"/webhooks/evolution/{id}", "the-fourth-webhook-secret"));
    }

    private IChannelDirectory Directory => host.Services.GetRequiredService<IChannelDirectory>();

    private async Task<ChannelEntry> EntryAsync(Guid id) => (await Directory.FindAsync(new AccountId(id), default))!;

    private static Task<HttpResponseMessage> RotateAsync(TenantUnderTest tenant, Guid id, string body) =>
        tenant.Http.SendJsonAsync(HttpMethod.Post, $"/api/v1/channels/{id}/rotate-webhook-secret", body);

    private async Task<HttpStatusCode> PostAsync(string path, string? secret = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent($$"""{"event":"messages.upsert","instance":"{{_name}}","data":null}""", Encoding.UTF8, "application/json"),
        };
        if (secret is not null)
        {
            request.Headers.Add("apikey", secret);
        }

        using var answer = await host.Client().SendAsync(request);
        return answer.StatusCode;
    }
}
