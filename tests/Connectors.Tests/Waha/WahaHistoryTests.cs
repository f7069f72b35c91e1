using System.Net;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaHistoryTests
{
    private readonly IHistoryConnector _connector = Assert.IsAssignableFrom<IHistoryConnector>(TestConnections.Connector("waha"));

    [Fact]
    public async Task An_engine_that_shows_all_chats_as_one_is_read_page_by_page()
    {
        await using var server = await StartAsync((chat, offset, limit) => chat == "all" ? Messages("447700900321@c.us", 25, offset, limit) : null);

        var (seen, pages) = await ReadAllAsync(server, most: 10);

        Assert.Equal((3, 25), (pages, seen.Count));
        Assert.All(seen, happened => Assert.Equal(
            (EventKinds.HistoryMessage, EventAction.StoreOnly, "harbour-shop", "447700900321@s.whatsapp.net"), (happened.Kind, happened.Action, happened.Account, happened.ChatId)));
        Assert.Contains(seen, happened => happened.FromMe == true);
        Assert.Equal(25, seen.Select(happened => happened.MessageId).Distinct().Count());
    }

    [Fact]
    public async Task An_engine_that_does_not_is_read_chat_by_chat()
    {
        string[] chats = ["447700900321@c.us", "447700900322@c.us"];
        await using var server = await StartAsync((chat, offset, limit) => chats.Contains(chat) ? Messages(chat, chat == chats[0] ? 15 : 4, offset, limit) : null, chats);

        var (seen, _) = await ReadAllAsync(server, most: 10);

        Assert.Equal(15, seen.Count(happened => happened.ChatId == "447700900321@s.whatsapp.net"));
        Assert.Equal(4, seen.Count(happened => happened.ChatId == "447700900322@s.whatsapp.net"));
    }

    [Fact]
    public async Task A_server_that_keeps_nothing_says_what_to_switch_on()
    {
        await using var server = await StartAsync((_, _, _) => null, chats: null);

        var refused = Assert.IsType<HistoryOutcome.Refused>(await ReadAsync(server, null, 10));

        Assert.Contains("store", refused.NextStep, StringComparison.Ordinal);
    }

    private async Task<(List<ChannelEvent> Seen, int Pages)> ReadAllAsync(WebApplication server, int most)
    {
        var seen = new List<ChannelEvent>();
        var pages = 0;
        string? cursor = null;
        do
        {
            var page = Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, cursor, most));
            seen.AddRange(page.Bodies.SelectMany(body => Assert.IsType<Normalised.Events>(_connector.Normalise(new WebhookBody(body))).Items));
            cursor = page.Cursor;
            pages++;
            Assert.True(pages < 20, "no end");
        }
        while (cursor is not null);
        return (seen, pages);
    }

    private Task<HistoryOutcome> ReadAsync(WebApplication server, string? cursor, int most) => _connector.ReadHistoryAsync(
        TestConnections.To(new { base_url = server.Urls.First(), session = "harbour-shop", api_key = "a-waha-key-0815" }), cursor, most, CancellationToken.None);

    private static object[] Messages(string chat, int count, int offset, int limit) =>
    [
        .. Enumerable.Range(0, count).Skip(offset).Take(limit).Select(n => (object)new
        {
            id = $"{(n % 3 == 0 ? "true" : "false")}_{chat}_PAST{n:00}", timestamp = 1_772_000_000 - n, from = chat, fromMe = n % 3 == 0, body = $"message {n}", hasMedia = false, source = "app",
        }),
    ];

    private static async Task<WebApplication> StartAsync(Func<string, int, int, object[]?> messages, string[]? chats = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/api/{session}/chats", (int limit, int offset) => chats is null
            ? Results.Json(new { error = "Enable NOWEB store \"config.noweb.store.enabled=True\" and \"config.noweb.store.full_sync=True\"" }, statusCode: 400)
            : Results.Json(chats.Skip(offset).Take(limit).Select(chat => new { id = chat })));
        app.MapGet("/api/{session}/chats/{chat}/messages", (string chat, int limit, int offset) => messages(Uri.UnescapeDataString(chat), offset, limit) is { } page
            ? Results.Json(page)
            : Results.Json(new { error = "not found" }, statusCode: 404));
        await app.StartAsync();
        return app;
    }
}
