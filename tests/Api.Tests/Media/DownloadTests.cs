using System.Net;
using System.Net.Http.Headers;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Media;

/// <summary>What a browser is told of a file that is fetched: whatever somebody sent, it is never a page of ours.</summary>
public sealed class DownloadTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresTheory]
    [InlineData("text/html", "<script>alert(1)</script>")]
    [InlineData("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")]
    [InlineData("image/png", "no picture")]
    public async Task A_file_is_a_download_whatever_it_claims_to_be(string type, string content)
    {
        var tenant = await host.TenantAsync();
        var file = new StringContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue(type);
        var kept = await (await tenant.Http.PostAsync("/api/v1/media", file)).JsonAsync(HttpStatusCode.Created);

        using var answer = await tenant.Http.GetAsync($"/api/v1/media/{kept.GetProperty("media_id").GetString()}");

        Assert.Equal(content, await answer.Content.ReadAsStringAsync());
        Assert.Equal(("application/octet-stream", "attachment"), (answer.Content.Headers.ContentType?.MediaType, answer.Content.Headers.ContentDisposition?.DispositionType));
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }
}
