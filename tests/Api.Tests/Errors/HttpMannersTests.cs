using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Errors;

/// <summary>What HTTP itself asks of every answer.</summary>
public sealed class HttpMannersTests(ApiHost host) : IClassFixture<ApiHost>
{
    [PostgresTheory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/docs")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/api/v1/channels")]
    [InlineData("/api/v1/channels/01900000-0000-7000-8000-000000000000")]
    public async Task A_head_is_a_get_without_its_body(string path)
    {
        var http = (await host.TenantAsync()).Http;

        var whole = await http.GetAsync(path);
        var said = await RawAsync($"HEAD {path}", $"Authorization: {http.DefaultRequestHeaders.Authorization}");

        var (head, body) = (said[..said.IndexOf("\r\n\r\n", StringComparison.Ordinal)], said[(said.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.StartsWith($"HTTP/1.1 {(int)whole.StatusCode} ", head, StringComparison.Ordinal);
        Assert.Contains($"Content-Type: {whole.Content.Headers.NonValidated["Content-Type"]}", head, StringComparison.Ordinal);
        Assert.Equal("", body);
    }

    [PostgresFact]
    public async Task A_head_at_the_address_of_webhooks_is_no_question_of_a_provider()
    {
        Assert.StartsWith("HTTP/1.1 405 ", await RawAsync("HEAD /webhooks/whatsapp_cloud/01900000-0000-7000-8000-000000000000?hub.mode=subscribe&hub.challenge=1", "X-None: 1"), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task No_answer_is_kept_by_others_or_taken_for_something_else()
    {
        var tenant = await host.TenantAsync();

        foreach (var answer in new[]
        {
            await tenant.Http.GetAsync("/api/v1/channels"),
            await tenant.Http.SendJsonAsync(HttpMethod.Post, "/api/v1/channels", "{"),
            await tenant.Http.GetAsync("/api/v1/nothing-here"),
            await host.Client("no-such-key").GetAsync("/api/v1/channels"),
            await host.Client().GetAsync("/healthz"),
        })
        {
            Assert.True(answer.Headers.CacheControl is { NoStore: true }, $"{(int)answer.StatusCode} may be kept");
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        }
    }

    [PostgresFact]
    public async Task A_packed_body_is_refused_as_such()
    {
        var tenant = await host.TenantAsync();
        var packed = new ByteArrayContent([0x1f, 0x8b, 0x08, 0x00]) { Headers = { ContentEncoding = { "gzip" }, ContentType = new MediaTypeHeaderValue("application/json") } };

        var problem = await (await tenant.Http.PostAsync("/api/v1/channels", packed)).ProblemAsync(415, "unsupported_media_type");

        Assert.Equal(["Content-Encoding"], problem.Fields());
        var plain = new StringContent("{}") { Headers = { ContentEncoding = { "identity" } } };
        await (await tenant.Http.PostAsync("/api/v1/channels", plain)).ProblemAsync(422, "invalid_fields");
    }

    [PostgresFact]
    public async Task An_operators_tenant_that_is_no_id_is_named()
    {
        var client = host.Operator();
        client.DefaultRequestHeaders.Add("X-Tenant-Id", "acme");

        var problem = await (await client.GetAsync("/api/v1/channels")).ProblemAsync(400, "invalid_parameter");

        Assert.Equal(["X-Tenant-Id"], problem.Fields());
    }

    [PostgresTheory]
    [InlineData("/api/v1/channels/%ff", "(path)")]
    [InlineData("/api/v1/channels/a%e2%82", "(path)")]
    [InlineData("/api/v1/channels?search=%ff", "search")]
    [InlineData("/api/v1/channels?search=caf%C3%A9&type=%ED%A0%80", "type")]
    [InlineData("/api/v1/channels?%ff=1", "(name)")]
    public async Task Bytes_that_are_no_utf8_are_refused_wherever_they_stand(string path, string named)
    {
        var answer = await RawAsync($"GET {path}", $"Authorization: {(await host.TenantAsync()).Http.DefaultRequestHeaders.Authorization}");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{named}\"", answer, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Letters_of_all_scripts_are_no_broken_text()
    {
        var tenant = await host.TenantAsync();

        Assert.Equal(HttpStatusCode.OK, (await tenant.Http.GetAsync("/api/v1/channels?search=" + Uri.EscapeDataString("ñandú 🚢 100%"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await tenant.Http.GetAsync("/api/v1/channels?search=100%")).StatusCode);
    }

    // As it stands on the wire: a client of the framework reads no body after a HEAD, and mends addresses.
    private async Task<string> RawAsync(string request, string header)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{request} HTTP/1.1\r\nHost: {host.Address.Authority}\r\n{header}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }
}
