using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionHistoryTests
{
    private const string Instance = "harbour-shop";
    private const string Chat = "447700900321@s.whatsapp.net";
    private static readonly DateTimeOffset Then = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);
    private readonly IHistoryConnector _connector = Assert.IsAssignableFrom<IHistoryConnector>(TestConnections.Connector("evolution"));

    [Fact]
    public async Task All_of_it_comes_in_pages_as_messages_of_the_past()
    {
        await using var gateway = await StartAsync(messages: 25);
        var seen = new List<ChannelEvent>();
        string? cursor = null;
        var pages = 0;

        do
        {
            var page = Assert.IsType<HistoryOutcome.Page>(await _connector.ReadHistoryAsync(TestConnections.ToGateway(gateway.Address, Instance), cursor, 10, CancellationToken.None));
            seen.AddRange(page.Bodies.SelectMany(body => Assert.IsType<Normalised.Events>(_connector.Normalise(new WebhookBody(body))).Items));
            cursor = page.Cursor;
            pages++;
        }
        while (cursor is not null);

        Assert.Equal((3, 25), (pages, seen.Count));
        Assert.All(seen, happened => Assert.Equal((EventKinds.HistoryMessage, EventAction.StoreOnly, Instance, Chat), (happened.Kind, happened.Action, happened.Account, happened.ChatId)));
        Assert.Equal(25, seen.Select(happened => happened.MessageId).Distinct().Count());
        Assert.Equal(Then.AddMinutes(24), seen[0].Timestamp);
        Assert.Contains(seen, happened => happened.FromMe == true);
    }

    [Fact]
    public async Task A_gateway_without_messages_ends_at_once()
    {
        await using var gateway = await StartAsync(messages: 0);

        var page = Assert.IsType<HistoryOutcome.Page>(await _connector.ReadHistoryAsync(TestConnections.ToGateway(gateway.Address, Instance), null, 10, CancellationToken.None));

        Assert.Equal((true, 0, null), (page.Bodies.IsEmpty, page.Messages, page.Cursor));
    }

    [Fact]
    public async Task What_must_be_mended_first_is_refused_and_the_rest_is_tried_later()
    {
        await using var gateway = await StartAsync(messages: 1);
        var connection = TestConnections.ToGateway(gateway.Address, Instance);

        var wrongKey = await _connector.ReadHistoryAsync(TestConnections.ToGateway(gateway.Address, Instance, key: "wrong-key-0815"), null, 10, CancellationToken.None);
        var unknown = await _connector.ReadHistoryAsync(TestConnections.ToGateway(gateway.Address, "another"), null, 10, CancellationToken.None);
        await gateway.StopAsync();
        var away = await _connector.ReadHistoryAsync(connection, null, 10, CancellationToken.None);

        var refused = Assert.IsType<HistoryOutcome.Refused>(wrongKey);
        Assert.True(refused.NextStep.Length > 0 && !refused.Reason.Contains("wrong-key-0815", StringComparison.Ordinal), refused.Reason);
        Assert.IsType<HistoryOutcome.Refused>(unknown);
        Assert.IsType<HistoryOutcome.TryLater>(away);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x:y")]
    [InlineData("99999999999999999999:1")]
    public async Task A_cursor_that_is_none_begins_anew(string cursor)
    {
        await using var gateway = await StartAsync(messages: 3);

        var page = Assert.IsType<HistoryOutcome.Page>(await _connector.ReadHistoryAsync(TestConnections.ToGateway(gateway.Address, Instance), cursor, 10, CancellationToken.None));

        Assert.Equal(3, page.Messages);
    }

    [Fact]
    public async Task One_list_whatever_is_asked_for_is_read_newest_first_and_no_further_than_is_wanted()
    {
        await using var gateway = await OldGateway.StartAsync(() => OldGateway.List([.. Enumerable.Range(0, 25).OrderBy(n => n * 7 % 25)]));
        var connection = TestConnections.ToGateway(gateway.Address, Instance);

        var first = await PageAsync(connection, null, 10);
        var second = await PageAsync(connection, first.Cursor, 10);
        var last = await PageAsync(connection, second.Cursor, 3);
        var beyond = await PageAsync(connection, "9:10", 10);

        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"PAST{24 - n:00}"), Read(first));
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"PAST{14 - n:00}"), Read(second));
        Assert.Equal("PAST04,PAST03,PAST02", string.Join(',', Read(last)));
        Assert.Equal(3, last.Messages);
        Assert.Equal((0, null), (beyond.Messages, beyond.Cursor));
    }

    [Fact]
    public async Task A_page_that_is_too_large_is_asked_for_in_smaller_ones_and_a_list_that_is_too_large_ends_with_what_to_do()
    {
        await using var gateway = await OldGateway.StartAsync(() => new string(' ', ProviderHttp.LargestAnswer + 1));
        var connection = TestConnections.ToGateway(gateway.Address, Instance);
        var cursors = new List<string?>();
        HistoryOutcome outcome;
        for (string? cursor = "3:100"; ; cursor = cursors[^1])
        {
            outcome = await _connector.ReadHistoryAsync(connection, cursor, 100, CancellationToken.None);
            if (outcome is not HistoryOutcome.Page page)
            {
                break;
            }

            Assert.Equal((true, 0), (page.Bodies.IsEmpty, page.Messages));
            cursors.Add(page.Cursor);
        }

        // The same place each time: after two hundred messages.
        Assert.Equal(["5:50", "9:25", "41:5", "201:1"], cursors);
        var refused = Assert.IsType<HistoryOutcome.Refused>(outcome);
        Assert.Contains("too large: more than 8 MB", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("Evolution API 2", refused.NextStep, StringComparison.Ordinal);
    }

    private async Task<HistoryOutcome.Page> PageAsync(Connection connection, string? cursor, int most) =>
        Assert.IsType<HistoryOutcome.Page>(await _connector.ReadHistoryAsync(connection, cursor, most, CancellationToken.None));

    private string?[] Read(HistoryOutcome.Page page) =>
        [.. page.Bodies.SelectMany(body => Assert.IsType<Normalised.Events>(_connector.Normalise(new WebhookBody(body))).Items).Select(happened => happened.MessageId)];

    /// <summary>Answers every question with the same.</summary>
    private sealed class OldGateway(WebApplication app) : IAsyncDisposable
    {
        public Uri Address { get; } = new(app.Urls.Single());

        public static async Task<OldGateway> StartAsync(Func<string> answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Run(http =>
            {
                http.Response.ContentType = "application/json";
                return http.Response.WriteAsync(answer());
            });
            await app.StartAsync();
            return new OldGateway(app);
        }

        public static string List(IEnumerable<int> numbers) => JsonSerializer.Serialize(numbers.Select(n => new
        {
            key = new { remoteJid = Chat, fromMe = false, id = $"PAST{n:00}" }, message = new { conversation = $"message {n}" },
            messageTimestamp = Then.AddMinutes(n).ToUnixTimeSeconds(), pushName = "Mira",
        }));

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }

    private static async Task<FakeEvolution> StartAsync(int messages)
    {
        var gateway = await FakeEvolution.StartAsync(new() { ApiKey = TestConnections.ApiKey });
        gateway.AddInstance(Instance);
        for (var n = 0; n < messages; n++)
        {
            gateway.Ledger.AddPast(Instance, Chat, fromMe: n % 3 == 0, $"PAST{n:00}", $"message {n}", Then.AddMinutes(n));
        }

        return gateway;
    }
}
