using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.FakeProviders.Evolution;

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
