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
    public async Task A_chat_that_moves_to_the_front_while_others_are_read_is_not_passed_over()
    {
        var chats = new List<(string Id, long Newest)> { ("447700900321@c.us", 1_772_000_300), ("447700900322@c.us", 1_772_000_200), ("447700900323@c.us", 1_772_000_100) };
        await using var server = await StartAsync(
            (chat, offset, limit) =>
            {
                // While the first chat is read, the last gets a message.
                if (chat == "447700900321@c.us" && chats[^1].Id == "447700900323@c.us")
                {
                    chats = [("447700900323@c.us", 1_772_000_400), .. chats[..^1]];
                }

                return chats.Any(one => one.Id == chat) ? Messages(chat, 4, offset, limit) : null;
            },
            (offset, limit) => chats.Skip(offset).Take(limit).Select(chat => new { id = new { _serialized = chat.Id }, timestamp = chat.Newest }));

        var (seen, _) = await ReadAllAsync(server, most: 10);

        Assert.Equal(4, seen.Where(happened => happened.ChatId == "447700900323@s.whatsapp.net").Select(happened => happened.MessageId).Distinct().Count());
        Assert.Equal(3, seen.Select(happened => happened.ChatId).Distinct().Count());
    }

    [Fact]
    public async Task Chats_that_move_all_the_time_do_not_keep_an_import_going_for_ever()
    {
        var now = 1_772_000_000L;
        await using var server = await StartAsync(
            (chat, offset, limit) => chat == "all" ? null : Messages(chat, 1, offset, limit),
            (offset, limit) => ((object[])[new { id = "447700900321@c.us", conversationTimestamp = ++now }]).Skip(offset).Take(limit));

        var (_, pages) = await ReadAllAsync(server, most: 10);

        // Five rounds of the chat and the end of the list.
        Assert.Equal(10, pages);
    }

    [Theory]
    [InlineData("chats:1:10")]
    [InlineData("chats:1:10:0:1:0:0")]
    public async Task An_import_goes_on_where_its_cursor_says(string cursor)
    {
        string[] chats = ["447700900321@c.us", "447700900322@c.us"];
        await using var server = await StartAsync((chat, offset, limit) => Messages(chat, 12, offset, limit), chats);

        var page = Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, cursor, 10));

        Assert.Equal((2, "chats:2:0:0:1:0:0"), (page.Messages, page.Cursor));
        Assert.Null(Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, page.Cursor, 10)).Cursor);
    }

    [Theory]
    [InlineData("all:0:99999999999999999999")]
    [InlineData("chats:x:1")]
    [InlineData("chats:1:1:1")]
    [InlineData("")]
    public async Task A_cursor_that_is_none_begins_anew(string cursor)
    {
        await using var server = await StartAsync((_, offset, limit) => Messages("447700900321@c.us", 3, offset, limit));

        Assert.Equal(3, Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, cursor, 10)).Messages);
    }

    [Fact]
    public async Task A_page_that_is_too_large_is_asked_for_in_smaller_ones_at_the_same_place()
    {
        await using var server = await StartAsync((_, offset, limit) => limit > 3 ? [new string(' ', ProviderHttp.LargestAnswer + 1)] : Messages("447700900321@c.us", 8, offset, limit));

        var (seen, pages) = await ReadAllAsync(server, most: 10);

        // Ten and five are too large; then two at a time, and an empty page at the end.
        Assert.Equal((8, 7), (seen.Select(happened => happened.MessageId).Distinct().Count(), pages));
    }

    [Fact]
    public async Task A_chat_with_large_messages_makes_its_own_pages_small_and_nobody_elses()
    {
        string[] chats = ["447700900321@c.us", "447700900322@c.us"];
        await using var server = await StartAsync((chat, offset, limit) => chat == "all" ? null
            : chat == chats[0] && limit > 5 ? [new string(' ', ProviderHttp.LargestAnswer + 1)] : Messages(chat, 4, offset, limit), chats);

        var smaller = Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, null, 10));
        var large = Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, smaller.Cursor, 10));
        var other = Assert.IsType<HistoryOutcome.Page>(await ReadAsync(server, large.Cursor, 10));

        Assert.Equal((0, 4, 4), (smaller.Messages, large.Messages, other.Messages));
        Assert.Equal(("chats:0:0:5:1:0:0", "chats:1:0:0:1:0:0"), (smaller.Cursor, large.Cursor));
    }

    [Fact]
    public async Task A_server_that_gives_too_much_whatever_it_is_asked_for_ends_with_what_to_do()
    {
        await using var server = await StartAsync((_, _, _) => [new string(' ', ProviderHttp.LargestAnswer + 1)]);

        var refused = Assert.IsType<HistoryOutcome.Refused>(await ReadAsync(server, "all:100:1", 10));

        Assert.Contains("too large: more than 8 MB", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("Upgrade", refused.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_keeps_nothing_says_what_to_switch_on()
    {
        await using var server = await StartAsync((_, _, _) => null);

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

    private static Task<WebApplication> StartAsync(Func<string, int, int, object[]?> messages, string[]? chats = null) =>
        StartAsync(messages, chats is null ? null : (offset, limit) => chats.Skip(offset).Take(limit).Select(chat => new { id = chat }));

    private static async Task<WebApplication> StartAsync(Func<string, int, int, object[]?> messages, Func<int, int, IEnumerable<object>>? chats)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapGet("/api/{session}/chats", (int limit, int offset) => chats is null
            ? Results.Json(new { error = "Enable NOWEB store \"config.noweb.store.enabled=True\" and \"config.noweb.store.full_sync=True\"" }, statusCode: 400)
            : Results.Json(chats(offset, limit)));
        app.MapGet("/api/{session}/chats/{chat}/messages", (string chat, int limit, int offset) => messages(Uri.UnescapeDataString(chat), offset, limit) is { } page
            ? Results.Json(page)
            : Results.Json(new { error = "not found" }, statusCode: 404));
        await app.StartAsync();
        return app;
    }
}
