using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Channels.Api.Media;
using Channels.Api.Tests.Host;
using Channels.Testing;

namespace Channels.Api.Tests.Media;

/// <summary>Files to be sent: how many at once, and what a broken upload leaves behind.</summary>
public sealed class UploadTests(ApiHost host) : IClassFixture<ApiHost>
{
    /// <summary>More than what the server wants to have seen of a slow client within minutes.</summary>
    private const int Begun = 256 << 10;

    private const string GoOn = "HTTP/1.1 100 Continue\r\n\r\n";

    [PostgresFact]
    public async Task Uploads_beyond_what_may_run_are_refused_at_once_and_those_that_break_off_leave_nothing()
    {
        var (busy, another, third) = (await host.TenantAsync(), await host.TenantAsync("another"), await host.TenantAsync("third"));
        var held = new List<TcpClient>();
        for (var n = 0; n < UploadPlaces.MostOfATenant; n++)
        {
            held.Add(await BeginAsync(busy));
        }

        var refused = await UploadAsync(busy);
        await refused.ProblemAsync(429, "too_many_uploads");
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync(another)).StatusCode);

        for (var n = UploadPlaces.MostOfATenant; n < UploadPlaces.Most; n++)
        {
            held.Add(await BeginAsync(another));
        }

        var full = await UploadAsync(third);
        await full.ProblemAsync(503, "uploads_full");
        Assert.NotNull(full.Headers.RetryAfter);

        held.ForEach(connection => connection.Dispose());
        await SeenAsync(busy, HttpStatusCode.Created);
        await SeenAsync(third, HttpStatusCode.Created);

        // Each tenant's own, whole.
        var files = Directory.EnumerateFiles(host.MediaDirectory, "*", SearchOption.AllDirectories).ToList();
        Assert.Equal(3, files.Count);
        Assert.All(files, file => Assert.Equal(64, Path.GetFileName(file).Length));
    }

    private static Task<HttpResponseMessage> SeenAsync(TenantUnderTest tenant, HttpStatusCode status) =>
        Asking.EventuallyAsync($"an upload to be answered {(int)status}", () => UploadAsync(tenant), answer => answer.StatusCode == status);

    private static Task<HttpResponseMessage> UploadAsync(TenantUnderTest tenant) => tenant.Http.PostAsync("/api/v1/media", new ByteArrayContent("a small file"u8.ToArray()));

    // Announces a megabyte, waits until the server begins to read it, which is when it has its place, and sends a quarter.
    private async Task<TcpClient> BeginAsync(TenantUnderTest tenant)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(host.Address.Host, host.Address.Port);
        var head = string.Create(
            CultureInfo.InvariantCulture, $"POST /api/v1/media HTTP/1.1\r\nHost: {host.Address.Authority}\r\nAuthorization: Bearer {tenant.Key}\r\nExpect: 100-continue\r\nContent-Length: {4 * Begun}\r\n\r\n");
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
        var answer = new byte[Encoding.ASCII.GetByteCount(GoOn)];
        await connection.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(GoOn, Encoding.ASCII.GetString(answer));
        await connection.GetStream().WriteAsync(new byte[Begun]);
        return connection;
    }
}
