using System.Net;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Media;

/// <summary>The directory for files takes none.</summary>
public sealed class MediaAwayTests(ApiHost host) : IClassFixture<ApiHost>, IDisposable
{
    public void Dispose() => File.Delete(host.MediaDirectory);

    [PostgresFact]
    public async Task An_upload_and_the_readiness_say_so_and_webhooks_are_taken()
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateEvolutionAsync();
        await File.WriteAllTextAsync(host.MediaDirectory, "in the way");

        var upload = await tenant.Http.PostAsync("/api/v1/media", new ByteArrayContent([1]));
        var ready = await (await host.Client().GetAsync("/readyz")).JsonAsync();
        using var webhook = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/evolution/{channel}") { Content = new ByteArrayContent("{}"u8.ToArray()) };
        webhook.Headers.Add("apikey", Asking.WebhookSecret);
        var taken = await host.Client().SendAsync(webhook);
        var ledger = await (await tenant.Http.GetAsync("/api/v1/ledger")).JsonAsync();

        var refused = await upload.ProblemAsync(503, "media_unavailable");
        Assert.Contains("media directory", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.NotNull(upload.Headers.RetryAfter);
        var trouble = Assert.Single(ready.GetProperty("attention").EnumerateArray());
        Assert.Equal(("ready", "media_unavailable"), (ready.GetProperty("status").GetString(), trouble.GetProperty("code").GetString()));
        Assert.Contains("operator", trouble.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        var step = Assert.Single(ledger.GetProperty("tenant").GetProperty("next_steps").EnumerateArray()).GetString();
        Assert.Contains(trouble.GetProperty("what").GetString()!, step, StringComparison.Ordinal);
        Assert.DoesNotContain(host.MediaDirectory, $"{refused}{ready}{ledger}", StringComparison.Ordinal);
    }
}
