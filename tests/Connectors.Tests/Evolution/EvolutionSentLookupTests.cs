using System.Collections.Frozen;
using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionSentLookupTests
{
    private const string Chat = "447700900321@s.whatsapp.net";
    private static readonly DateTimeOffset _longAgo = DateTimeOffset.UnixEpoch;
    private readonly ISentLookup _connector = (ISentLookup)TestConnections.Connector("evolution");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_message_that_left_is_found_by_its_text(int major)
    {
        await using var gateway = await StartAsync(new() { Major = major });
        await SendAsync(gateway, "first");
        await SendAsync(gateway, "second");

        var found = Assert.IsType<SentLookupOutcome.Found>(await FindAsync(gateway, "second"));

        Assert.Equal(gateway.Ledger.After(1).Single().Id, found.ProviderMessageId);
    }

    [Fact]
    public async Task A_known_id_belongs_to_another_message_of_the_same_text()
    {
        await using var gateway = await StartAsync();
        await SendAsync(gateway, "same");
        await SendAsync(gateway, "same");
        var first = gateway.Ledger.After(0)[0].Id;

        var found = Assert.IsType<SentLookupOutcome.Found>(await FindAsync(gateway, "same", known: first));

        Assert.Equal(gateway.Ledger.After(1).Single().Id, found.ProviderMessageId);
    }

    [Fact]
    public async Task A_message_that_did_not_leave_is_not_there_when_the_chat_is()
    {
        await using var gateway = await StartAsync();
        await gateway.Webhooks.CustomerSaysAsync(gateway.Instances["harbour-shop"], Chat, "never sent by us");

        Assert.IsType<SentLookupOutcome.NotThere>(await FindAsync(gateway, "never sent by us"));
    }

    [Fact]
    public async Task An_older_message_of_the_same_text_is_not_it()
    {
        await using var gateway = await StartAsync();
        await SendAsync(gateway, "same");

        Assert.IsType<SentLookupOutcome.NotThere>(await FindAsync(gateway, "same", since: TimeProvider.System.GetUtcNow().AddMinutes(6)));
    }

    [Fact]
    public async Task One_of_shortly_before_may_be_it_by_a_clock_that_is_behind_unless_it_is_known()
    {
        await using var gateway = await StartAsync();
        await SendAsync(gateway, "same");
        var since = TimeProvider.System.GetUtcNow().AddMinutes(1);

        Assert.IsType<SentLookupOutcome.CannotSay>(await FindAsync(gateway, "same", since));
        Assert.IsType<SentLookupOutcome.NotThere>(await FindAsync(gateway, "same", since, known: gateway.Ledger.After(0).Single().Id));
    }

    [Fact]
    public async Task A_gateway_that_stores_nothing_cannot_say()
    {
        await using var gateway = await StartAsync(new() { StoresMessages = false });
        await SendAsync(gateway, "sent");

        Assert.IsType<SentLookupOutcome.CannotSay>(await FindAsync(gateway, "sent"));
    }

    [Fact]
    public async Task A_chat_too_busy_to_see_back_cannot_say()
    {
        await using var gateway = await StartAsync();
        for (var i = 0; i < 101; i++)
        {
            await SendAsync(gateway, $"text {i}");
        }

        Assert.IsType<SentLookupOutcome.CannotSay>(await FindAsync(gateway, "something else"));
    }

    [Fact]
    public async Task A_gateway_that_is_down_cannot_say()
    {
        await using var gateway = await StartAsync();
        await gateway.StopAsync();

        Assert.IsType<SentLookupOutcome.CannotSay>(await FindAsync(gateway, "sent"));
    }

    private static async Task<FakeEvolution> StartAsync(FakeEvolutionOptions? options = null)
    {
        var gateway = await FakeEvolution.StartAsync(options);
        gateway.AddInstance("harbour-shop");
        return gateway;
    }

    private Task<SendOutcome> SendAsync(FakeEvolution gateway, string text) =>
        _connector.SendAsync(TestConnections.ToGateway(gateway.Address), TestConnections.Message(text, Chat), CancellationToken.None);

    private Task<SentLookupOutcome> FindAsync(FakeEvolution gateway, string text, DateTimeOffset? since = null, string? known = null) =>
        _connector.FindSentAsync(
            TestConnections.ToGateway(gateway.Address),
            TestConnections.Message(text, Chat),
            since ?? _longAgo,
            known is null ? FrozenSet<string>.Empty : FrozenSet.Create(known),
            CancellationToken.None);
}
