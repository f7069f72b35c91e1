using System.Net;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaMediaTests
{
    private const string Key = "a-waha-key-0815";
    private readonly IMediaFetch _connector = Assert.IsAssignableFrom<IMediaFetch>(TestConnections.Connector("waha"));

    [Fact]
    public async Task A_file_of_the_servers_is_fetched_with_the_key_where_the_channel_reaches_the_server()
    {
        await using var server = await StartAsync(http => http.Request.Headers["X-Api-Key"] == Key && http.Request.Path == "/api/files/a.png" ? 200 : 401);
        using var file = new MemoryStream();

        // The server believes that it lives at localhost:3000.
        var outcome = await FetchAsync(server, new MediaReference(Url: "http://localhost:3000/api/files/a.png") { Auth = "X-Api-Key" }, file);

        Assert.IsType<MediaFetchOutcome.Fetched>(outcome);
        Assert.Equal("the file"u8.ToArray(), file.ToArray());
    }

    [Theory]
    [InlineData("https://gateway.example/waha/api/files/a.png?n=1")]
    [InlineData("http://localhost:3000/api/files/a.png?n=1")]
    public async Task A_server_below_a_path_names_it_or_not(string url)
    {
        string? asked = null;
        await using var server = await StartAsync(http =>
        {
            asked = $"{http.Request.Path}{http.Request.QueryString}";
            return 200;
        });
        var connection = TestConnections.To(new { base_url = $"{server.Urls.First()}/waha", api_key = Key, session = "default" });

        Assert.IsType<MediaFetchOutcome.Fetched>(await _connector.FetchAsync(connection, new MediaReference(Url: url) { Auth = "X-Api-Key" }, Stream.Null, default));

        Assert.Equal("/waha/api/files/a.png?n=1", asked);
    }

    [Fact]
    public async Task Nobody_else_is_shown_the_key()
    {
        string? shown = null;
        await using var bucket = await StartAsync(http =>
        {
            shown = http.Request.Headers["X-Api-Key"];
            return 200;
        });
        await using var server = await StartAsync(_ => 500);
        using var file = new MemoryStream();

        var outcome = await FetchAsync(server, new MediaReference(Url: $"{bucket.Urls.First()}/signed/a.png"), file);

        Assert.IsType<MediaFetchOutcome.Fetched>(outcome);
        Assert.True(string.IsNullOrEmpty(shown));
    }

    [Theory]
    [InlineData(404, true)]
    [InlineData(401, false)]
    [InlineData(500, false)]
    public async Task What_is_gone_is_given_up_and_everything_else_tried_later(int status, bool isGone)
    {
        await using var server = await StartAsync(_ => status);
        using var file = new MemoryStream();

        var outcome = await FetchAsync(server, new MediaReference(Url: "http://localhost:3000/api/files/a.png") { Auth = "X-Api-Key" }, file);

        Assert.Equal(isGone, outcome is MediaFetchOutcome.Gone);
        Assert.Equal(!isGone, outcome is MediaFetchOutcome.TryLater);
        Assert.Equal(0, file.Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("file:///etc/passwd")]
    [InlineData("no address")]
    public async Task What_has_no_address_cannot_be_fetched(string? url)
    {
        await using var server = await StartAsync(_ => 200);
        using var file = new MemoryStream();

        Assert.IsType<MediaFetchOutcome.Gone>(await FetchAsync(server, new MediaReference(Url: url), file));
    }

    private Task<MediaFetchOutcome> FetchAsync(WebApplication server, MediaReference media, Stream file) => _connector.FetchAsync(
        TestConnections.To(new { base_url = server.Urls.First(), session = "harbour-shop", api_key = Key }), media, file, CancellationToken.None);

    private static async Task<WebApplication> StartAsync(Func<HttpContext, int> status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async http =>
        {
            http.Response.StatusCode = status(http);
            await http.Response.WriteAsync("the file");
        });
        await app.StartAsync();
        return app;
    }
}
