using System.Collections.Concurrent;
using System.Text.Json;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Grains.Conversation;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Conversation;

public sealed class TypingSignsTests
{
    private static readonly TimeSpan _delay = TimeSpan.FromSeconds(1);
    private static readonly IdSource _ids = new(new ManualClock());
    private static readonly ConversationRef _where = new(new TenantId(_ids.Next()), new AccountId(_ids.Next()), new ConversationId(_ids.Next()));
    private readonly ManualClock _clock = new();
    private readonly Typing _kind = new();
    private readonly TypingSigns _signs;

    public TypingSignsTests() => _signs = new TypingSigns(_kind, _clock, NullLogger.Instance);

    [Fact]
    public async Task Somebody_is_typing_from_a_second_on_and_not_sooner()
    {
        using var sign = Begin("slow");
        _clock.Advance(_delay - TimeSpan.FromTicks(1));
        Assert.Empty(_kind.Shown);

        _clock.Advance(TimeSpan.FromTicks(1));

        await Eventually.TrueAsync("somebody to be typing", () => _kind.Shown.Contains("slow"));
    }

    [Fact]
    public async Task Nobody_is_typing_for_an_agent_that_answers_sooner()
    {
        var quick = Begin("quick");
        _clock.Advance(_delay / 2);
        quick!.Dispose();
        _clock.Advance(TimeSpan.FromMinutes(1));

        // A sign of the first would have been shown before this one.
        IDisposable? slow = null;
        await Eventually.TrueAsync("the first to have ended", () => (slow = Begin("slow")) is not null);
        _clock.Advance(_delay);
        await Eventually.TrueAsync("somebody to be typing", () => _kind.Shown.Contains("slow"));
        slow!.Dispose();
        Assert.Equal(["slow"], _kind.Shown);
    }

    [Fact]
    public void Nobody_is_typing_unless_the_channel_wants_it() => Assert.Null(Begin("slow", wanted: false));

    private IDisposable? Begin(string chat, bool wanted = true)
    {
        var connection = new Connection(_where.Tenant, _where.Account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        var channel = new ChannelEntry(
            _where.Tenant, new ConnectorId(_ids.Next()), _where.Account, "fake", ConnectorStatus.Active, AccountStatus.Active, null, connection, AgentSettings.None,
            ChannelPolicy.Default with { Typing = wanted }, false);
        return _signs.Begin(channel, _where, chat, "m-1", default);
    }

    private sealed class Typing : IConnectorCatalog, ITypingConnector
    {
        public ConcurrentQueue<string> Shown { get; } = [];

        public IReadOnlyCollection<IConnector> All => [this];

        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, null, 1), TimeSpan.Zero);

        public IConnector Find(string kind) => this;

        public Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken)
        {
            Shown.Enqueue(chatId);
            return Task.CompletedTask;
        }

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
