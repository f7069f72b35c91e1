using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Grains.Delivery;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Delivery;

public sealed class SettlementsTests
{
    private static readonly TimeSpan[] _waits = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(265), TimeSpan.FromMinutes(25)];
    private static readonly SentLookupOutcome _found = new SentLookupOutcome.Found("3EB0");
    private static readonly SentLookupOutcome _notThere = new SentLookupOutcome.NotThere();
    private static readonly SentLookupOutcome _cannotSay = new SentLookupOutcome.CannotSay("away");
    private readonly ManualClock _clock = new();
    private readonly Outbox _outbox = new();
    private readonly List<MessageId> _repeated = [];
    private bool _mayRepeat = true;

    [Fact]
    public async Task What_the_provider_has_is_settled_by_its_id_and_not_repeated()
    {
        var gateway = new Gateway(_found);

        await LookedUpAsync(gateway, lookUps: 1);

        Assert.Equal("3EB0", Assert.IsType<SendOutcome.Accepted>(Assert.Single(_outbox.Settled).Outcome).ProviderMessageId);
        Assert.Empty(_repeated);
    }

    [Fact]
    public async Task What_the_provider_has_of_another_reply_that_says_the_same_is_not_taken_for_this_one()
    {
        var gateway = new Gateway(_found, _notThere, _found, new SentLookupOutcome.Found("3EB1"));
        _outbox.OfOthers.Add("3EB0");

        await LookedUpAsync(gateway, lookUps: 2);

        Assert.Equal("3EB1", Assert.IsType<SendOutcome.Accepted>(Assert.Single(_outbox.Settled).Outcome).ProviderMessageId);
        Assert.Equal(["the provider does not have it", "the provider has it"], _outbox.LookedUp);
    }

    [Fact]
    public async Task A_provider_that_goes_on_naming_another_reply_cannot_say()
    {
        var gateway = new Gateway(_found, _found, _found, new SentLookupOutcome.Found("3EB1"));
        _outbox.OfOthers.Add("3EB0");

        await LookedUpAsync(gateway, lookUps: 2);

        Assert.Equal(["the provider cannot say: what it has is another message", "the provider has it"], _outbox.LookedUp);
    }

    [Fact]
    public async Task What_the_provider_does_not_have_is_sent_once_more_but_not_at_the_first_look()
    {
        var gateway = new Gateway(_notThere, _notThere);

        await LookedUpAsync(gateway, lookUps: 2);

        Assert.Single(_repeated);
        Assert.Empty(_outbox.Settled);
    }

    [Fact]
    public async Task What_a_provider_takes_late_is_found_before_it_would_be_repeated()
    {
        var gateway = new Gateway(_notThere, _found);

        await LookedUpAsync(gateway, lookUps: 2);

        Assert.Empty(_repeated);
        Assert.Single(_outbox.Settled);
        Assert.Equal(["the provider does not have it", "the provider has it"], _outbox.LookedUp);
    }

    [Fact]
    public async Task A_provider_that_cannot_say_is_asked_four_times_and_nothing_is_repeated()
    {
        var gateway = new Gateway(_cannotSay, _cannotSay, _cannotSay, _cannotSay);

        await LookedUpAsync(gateway, lookUps: 4);

        Assert.Empty(_repeated);
        Assert.Empty(_outbox.Settled);
    }

    [Fact]
    public async Task A_connector_that_throws_cannot_say_and_is_asked_again()
    {
        var gateway = new Gateway(_cannotSay, _found) { Throws = new InvalidDataException("a damaged answer") };

        await LookedUpAsync(gateway, lookUps: 2);

        Assert.Single(_outbox.Settled);
        Assert.Equal(["the provider cannot say: the connector failed (InvalidDataException)", "the provider has it"], _outbox.LookedUp);
    }

    [Fact]
    public async Task A_provider_that_was_away_is_asked_again_and_a_store_that_was_away_as_well()
    {
        var gateway = new Gateway(_cannotSay, _cannotSay, _found);
        _outbox.AwayAtFirst = true;

        await LookedUpAsync(gateway, lookUps: 4);

        Assert.Single(_outbox.Settled);
    }

    [Fact]
    public async Task A_conversation_that_has_gone_on_keeps_the_reply_unknown()
    {
        var gateway = new Gateway(_notThere, _notThere, _notThere, _notThere);
        _mayRepeat = false;

        await LookedUpAsync(gateway, lookUps: 4);

        Assert.Equal(3, _repeated.Count);
        Assert.Empty(_outbox.Settled);
    }

    [Fact]
    public async Task A_kind_that_cannot_be_asked_is_not_waited_for()
    {
        await Settlements().LookUpAsync(Channel(), new Mute(), Row());

        Assert.Equal(0, _clock.TimersSet);
    }

    private Settlements Settlements() => new(
        _outbox,
        new LostSends(_outbox, new OutboundFiles(new MediaInMemory()), _clock, NullLogger<LostSends>.Instance),
        (_, row) =>
        {
            _repeated.Add(row.Reply.Id);
            return Task.FromResult(_mayRepeat);
        },
        _clock,
        NullLogger.Instance,
        CancellationToken.None);

    // Moves the clock from look to look, and expects the looking to be over after so many.
    private async Task LookedUpAsync(Gateway gateway, int lookUps)
    {
        var looking = Settlements().LookUpAsync(Channel(), gateway, Row());
        foreach (var (index, wait) in _waits.Take(lookUps).Index())
        {
            var next = index + 1 < lookUps ? _clock.TimerSetAsync(set => set == _waits[index + 1]) : looking;
            _clock.Advance(wait);
            await next.WaitAsync(TimeSpan.FromSeconds(10));
        }

        Assert.True(looking.IsCompletedSuccessfully);
        Assert.Equal(0, gateway.AnswersLeft);
    }

    [Fact]
    public async Task What_the_provider_said_and_the_store_refuses_is_kept_as_unknown_instead()
    {
        _outbox.RefusesAccepted = true;
        var settlements = new Settlements(
            _outbox, new LostSends(_outbox, new OutboundFiles(new MediaInMemory()), _clock, NullLogger<LostSends>.Instance), (_, _) => Task.FromResult(false), _clock, NullLogger.Instance, CancellationToken.None);

        await settlements.SettleAsync(new SendSettlement(new TenantId(Id(3)), new AccountId(Id(4)), Row().Reply, new SendOutcome.Accepted("3EB0"), _clock.GetUtcNow(), Attempt: 1));

        var kept = Assert.IsType<SendOutcome.Unknown>(Assert.Single(_outbox.Settled).Outcome);
        Assert.Equal("the database refuses what the provider answered (22021)", kept.Reason);
    }

    private OutboxRow Row() => new(
        new QueuedReply(new MessageId(Id(1)), new ConversationId(Id(2)), "447700900321@s.whatsapp.net", "We open at nine.", null),
        OutboxState.Unknown, 1, _clock.GetUtcNow(), _clock.GetUtcNow(), false);

    private static Guid Id(int n) => new($"00000000-0000-7000-8000-{n:000000000000}");

    private static ChannelEntry Channel()
    {
        var (tenant, account) = (new TenantId(Id(3)), new AccountId(Id(4)));
        var connection = new Connection(tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        return new ChannelEntry(
            tenant, new ConnectorId(Id(5)), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null, connection, AgentSettings.None, ChannelPolicy.Default, false);
    }

    private class Mute : IConnector
    {
        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), new ChannelLimits(1_000, null, 1), TimeSpan.Zero);

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Gateway(params SentLookupOutcome[] answers) : Mute, ISentLookup
    {
        private readonly Queue<SentLookupOutcome> _answers = new(answers);

        public int AnswersLeft => _answers.Count;

        /// <summary>Thrown once, in an answer's stead.</summary>
        public Exception? Throws { get; set; }

        public Task<SentLookupOutcome> FindSentAsync(
            Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken) =>
            Said(_answers.Dequeue());

        private Task<SentLookupOutcome> Said(SentLookupOutcome answer)
        {
            var failure = Throws;
            Throws = null;
            return failure is null ? Task.FromResult(answer) : throw failure;
        }
    }

    private sealed class Outbox : IOutbox
    {
        public List<SendSettlement> Settled { get; } = [];

        public List<string> LookedUp { get; } = [];

        public bool AwayAtFirst { get; set; }

        public bool RefusesAccepted { get; set; }

        public HashSet<string> OfOthers { get; } = [];

        public Task<bool> SettleAsync(SendSettlement settlement, CancellationToken cancellationToken)
        {
            if (RefusesAccepted && settlement.Outcome is SendOutcome.Accepted)
            {
                throw new BatchRefusedException("22021", "The database refused it.");
            }

            Settled.Add(settlement);
            return Task.FromResult(true);
        }

        public Task<ImmutableHashSet<string>> KnownProviderIdsAsync(ConversationRef conversation, DateTimeOffset since, CancellationToken cancellationToken)
        {
            if (AwayAtFirst)
            {
                AwayAtFirst = false;
                throw new StoreUnavailableException();
            }

            return Task.FromResult(ImmutableHashSet<string>.Empty);
        }

        public Task<bool> IsAnothersAsync(ConversationRef conversation, MessageId message, string providerMessageId, CancellationToken cancellationToken) =>
            Task.FromResult(OfOthers.Contains(providerMessageId));

        public Task<ImmutableArray<WaitingId>> FindAsync(TenantId tenant, AccountId account, MessageId? after, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<OutboxPage> LoadAsync(
            TenantId tenant, AccountId account, IReadOnlyList<ConversationId> conversations, int ofEach, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<SendStart> BeginSendAsync(TenantId tenant, AccountId account, MessageId message, int attempt, bool possiblyDuplicate, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ImmutableArray<OutboxRow>> LoadUnknownAsync(TenantId tenant, AccountId account, DateTimeOffset begunAfter, int limit, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<bool> RepeatAsync(TenantId tenant, AccountId account, MessageId message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task LookedUpAsync(TenantId tenant, AccountId account, MessageId message, string answer, CancellationToken cancellationToken)
        {
            LookedUp.Add(answer);
            return Task.CompletedTask;
        }
    }
}
