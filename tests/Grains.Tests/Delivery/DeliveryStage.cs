using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Core.Outbox;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Delivery;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Delivery;

/// <summary>A delivery grain on the real runtime, between a store and a provider that write down what they are asked, in one order.</summary>
internal sealed class DeliveryStage : IOutbox, IChannelDirectory, IConnectorCatalog, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private GrainHost _host = null!;

    private readonly IdSource _ids;
    private int _lookUps;

    private DeliveryStage(ChannelLimits limits)
    {
        Kind = new Provider(this, limits);
        _ids = new IdSource(Clock);
        (Tenant, Account) = (new(_ids.Next()), new(_ids.Next()));
    }

    public ManualClock Clock { get; } = new();

    /// <summary>The process'.</summary>
    public StoppableLifetime Lifetime { get; } = new();

    /// <summary>The process'.</summary>
    public OutboundFiles Files { get; } = new(new MediaInMemory());

    public TenantId Tenant { get; }

    public AccountId Account { get; }

    public IDeliveryGrain Delivery => _host.Grains.GetGrain<IDeliveryGrain>(Account.Value);

    /// <summary>What is in the table when it is read next.</summary>
    public ImmutableArray<OutboxRow> Table { get; set; } = [];

    /// <summary>Those of unknown outcome.</summary>
    public ImmutableArray<OutboxRow> Unknown { get; set; } = [];

    /// <summary>What the store does when one of those is to be sent once more.</summary>
    public Func<Task<bool>> Repeating { get; set; } = () => throw new NotSupportedException();

    /// <summary>Between looking which replies there are and saying so.</summary>
    public Func<Task> Found { get; set; } = () => Task.CompletedTask;

    /// <summary>Between reading replies and handing them over.</summary>
    public Func<Task> Loaded { get; set; } = () => Task.CompletedTask;

    /// <summary>Before the store takes what became of an attempt.</summary>
    public Func<Task> Settling { get; set; } = () => Task.CompletedTask;

    /// <summary>Once the store has taken it.</summary>
    public Action Settled { get; set; } = () => { };

    /// <summary>How many replies were read, all told.</summary>
    public int RowsLoaded { get; private set; }

    /// <summary>A page of the table that has so many is cut.</summary>
    public long BytesOfPage { get; set; } = long.MaxValue;

    /// <summary>The most replies that were asked for at once.</summary>
    public int MostLoaded { get; private set; }

    public AccountStatus Status { get; set; } = AccountStatus.Active;

    /// <summary>How often the grain has looked the account up.</summary>
    public int LookUps => Volatile.Read(ref _lookUps);

    public ChannelPolicy Policy { get; set; } = ChannelPolicy.Default;

    public AccountThrottle Throttle { get; set; } = AccountThrottle.None;

    /// <summary>What the store says when an attempt is to begin.</summary>
    public SendStart Start { get; set; } = new(true, null, null);

    /// <summary>Whether the store finds what became of an attempt up to date.</summary>
    public bool SettlementsCount { get; set; } = true;

    /// <summary>Of the account.</summary>
    public IConnectorGrain Connector => _host.Grains.GetGrain<IConnectorGrain>(Tenant.Value);

    public Provider Kind { get; set; }

    public IReadOnlyCollection<IConnector> All => [Kind];

    public static async Task<DeliveryStage> StartAsync(int concurrency = 8, double? perSecond = null, Func<DeliveryStage, Provider>? kind = null)
    {
        var stage = new DeliveryStage(new ChannelLimits(1_000, perSecond, concurrency));
        stage.Kind = kind?.Invoke(stage) ?? stage.Kind;
        stage._host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(DeliveryGrain).Assembly);
            options.Services = services => services
                .AddSingleton<TimeProvider>(stage.Clock)
                .AddSingleton<IOutbox>(stage)
                .AddSingleton<IChannelDirectory>(stage)
                .AddSingleton<IConnectorCatalog>(stage)
                .AddSingleton<IChannelStatuses, NoStatuses>()
                .AddSingleton<IMediaStore>(new MediaInMemory())
                .AddSingleton(stage.Files)
                .AddSingleton(new Closing(stage.Lifetime))
                .AddSingleton<EvenClock>()
                .AddSingleton<LostSends>();
        });
        return stage;
    }

    /// <summary>The grain has read the table, and has nothing to do.</summary>
    public async Task<DeliveryStage> ReadyAsync()
    {
        await Delivery.WakeAsync();
        await ExpectAsync("read", "read unknown");
        return this;
    }

    public QueuedReply Reply(string text, Guid? conversation = null) =>
        new(new MessageId(_ids.Next()), new ConversationId(conversation ?? _ids.Next()), $"chat-{text}", text, ReplyTo: null);

    /// <summary>What a reply waits for; null for nothing.</summary>
    public async Task<ReplyWait?> WaitOfAsync(QueuedReply reply) => (await Delivery.GetWaitsAsync(reply.Conversation, [reply.Id])).SingleOrDefault();

    /// <summary>What it waits for, once that is the cause: what follows from an outcome is known a moment after it is settled.</summary>
    public async Task<ReplyWait> WaitOfAsync(QueuedReply reply, ReplyWaitCause cause)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await WaitOfAsync(reply) is { } wait && wait.Cause == cause)
            {
                return wait;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    /// <summary>The grain has looked the account up that often.</summary>
    public async Task UntilLookedUpAsync(int times)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (LookUps < times)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    /// <summary>Nothing is told of it any more.</summary>
    public async Task UntilNothingIsToldAsync(QueuedReply reply)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await WaitOfAsync(reply) is not null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    public Task<bool> ReserveAsync(QueuedReply reply) => Delivery.ReserveAsync(reply.Conversation, reply.Id, reply.ChatId);

    /// <summary>As the transaction leaves it that ends a turn.</summary>
    public OutboxRow Begun(QueuedReply reply) => new(reply, OutboxState.Sending, 1, Clock.GetUtcNow(), Clock.GetUtcNow(), PossiblyDuplicate: false);

    /// <summary>What store and provider are asked next is this, in this order.</summary>
    public async Task ExpectAsync(params string[] expected)
    {
        foreach (var one in expected)
        {
            using var limit = new CancellationTokenSource(Patience);
            Assert.Equal(one, await _events.Reader.ReadAsync(limit.Token));
        }
    }

    /// <summary>These are sent next, each settled before the next begins.</summary>
    public async Task ExpectSentAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            await ExpectAsync("begin attempt 1", $"send {text}", $"settle {text} Accepted");
        }
    }

    /// <summary>What is sent until so much is settled, in order, whatever else is done meanwhile.</summary>
    public async Task<List<string>> SentAsync(int count)
    {
        var (sent, settled) = (new List<string>(), 0);
        while (settled < count)
        {
            using var limit = new CancellationTokenSource(Patience);
            var one = await _events.Reader.ReadAsync(limit.Token);
            settled += one.StartsWith("settle ", StringComparison.Ordinal) ? 1 : 0;
            if (one.StartsWith("send ", StringComparison.Ordinal))
            {
                sent.Add(one["send ".Length..]);
            }
        }

        return sent;
    }

    public void Note(string what) => _events.Writer.TryWrite(what);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Assert.False(_events.Reader.TryRead(out var more), $"Nobody expected: {more}");
    }

    public ValueTask<ChannelEntry?> FindAsync(AccountId account, CancellationToken cancellationToken)
    {
        var connection = new Connection(Tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        var found = new ChannelEntry(Tenant, new ConnectorId(Tenant.Value), account, "fake", ConnectorStatus.Active, Status, null, connection, AgentSettings.None, Policy, false)
        {
            Throttle = Throttle,
        };
        Interlocked.Increment(ref _lookUps);
        return ValueTask.FromResult<ChannelEntry?>(found);
    }

    public void Forget(AccountId account)
    {
    }

    public IConnector? Find(string kind) => Kind;

    public async Task<ImmutableArray<WaitingId>> FindAsync(TenantId tenant, AccountId account, MessageId? after, int limit, CancellationToken cancellationToken)
    {
        Note(after is null ? "read" : "read on");
        ImmutableArray<WaitingId> found =
        [
            .. Table.Where(row => row.Reply.Id.Value.CompareTo(after?.Value ?? Guid.Empty) > 0).OrderBy(row => row.Reply.Id.Value).Take(limit)
                .Select(row => new WaitingId(row.Reply.Id, row.Reply.Conversation)),
        ];
        await Found();
        return found;
    }

    public async Task<OutboxPage> LoadAsync(
        TenantId tenant, AccountId account, IReadOnlyList<ConversationId> conversations, int ofEach, CancellationToken cancellationToken)
    {
        MostLoaded = Math.Max(MostLoaded, conversations.Count * ofEach);
        ImmutableArray<OutboxRow> rows =
            [.. conversations.SelectMany(one => Table.Where(row => row.Reply.Conversation == one).OrderBy(row => row.Reply.Id.Value).Take(ofEach))];
        await Loaded();
        var (taken, bytes) = (0, 0L);
        while (taken < rows.Length && bytes < BytesOfPage)
        {
            bytes += rows[taken++].Size;
        }

        RowsLoaded += taken;
        return new OutboxPage(rows[..taken], IsCut: bytes >= BytesOfPage);
    }

    public Task<ImmutableArray<OutboxRow>> LoadUnknownAsync(TenantId tenant, AccountId account, DateTimeOffset begunAfter, int limit, CancellationToken cancellationToken)
    {
        Note("read unknown");
        return Task.FromResult(Unknown);
    }

    public Task<SendStart> BeginSendAsync(TenantId tenant, AccountId account, MessageId message, int attempt, bool possiblyDuplicate, CancellationToken cancellationToken)
    {
        Note($"begin attempt {attempt}{(possiblyDuplicate ? ", marked" : "")}");
        return Task.FromResult(Start);
    }

    public async Task<bool> SettleAsync(SendSettlement settlement, CancellationToken cancellationToken)
    {
        await Settling();
        Table = [.. Table.Where(row => row.Reply.Id != settlement.Reply.Id)];
        Settled();
        Note($"settle {settlement.Reply.Text} {settlement.Outcome.GetType().Name}{(settlement.IsBegun ? "" : $" after attempt {settlement.Attempt}")}");
        return SettlementsCount;
    }

    public Task<bool> RepeatAsync(TenantId tenant, AccountId account, MessageId message, CancellationToken cancellationToken) => Repeating();

    public Task LookedUpAsync(TenantId tenant, AccountId account, MessageId message, string answer, CancellationToken cancellationToken)
    {
        Note(answer);
        return Task.CompletedTask;
    }

    public Task<ImmutableHashSet<string>> KnownProviderIdsAsync(ConversationRef conversation, DateTimeOffset since, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableHashSet<string>.Empty);

    public Task<bool> IsAnothersAsync(ConversationRef conversation, MessageId message, string providerMessageId, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>A provider that takes everything.</summary>
    internal class Provider(DeliveryStage stage, ChannelLimits limits) : IConnector
    {
        public ChannelManifest Manifest { get; } = new("fake", "Fake", "1", "none", JsonSerializer.SerializeToElement(new { }), limits, TimeSpan.Zero);

        /// <summary>What it answers to the next messages.</summary>
        public Func<Task<SendOutcome>> Answer { get; set; } = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));

        /// <summary>Where its messages went, in order.</summary>
        public List<string> Chats { get; } = [];

        public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => throw new NotSupportedException();

        public Normalised Normalise(WebhookBody webhook) => throw new NotSupportedException();

        public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken)
        {
            stage.Note($"send {message.Text}");
            Chats.Add(message.ChatId);
            return Answer();
        }
    }

    /// <summary>One that is asked, and says that it has what it is asked about, unless it is to say something else.</summary>
    internal sealed class Answering(DeliveryStage stage, ChannelLimits limits) : Provider(stage, limits), ISentLookup
    {
        public SentLookupOutcome Says { get; init; } = new SentLookupOutcome.Found("3EB0");

        public Task<SentLookupOutcome> FindSentAsync(
            Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken) =>
            Task.FromResult(Says);
    }

    /// <summary>One that wants a minute between two messages to a chat.</summary>
    internal sealed class Paced(DeliveryStage stage, ChannelLimits limits) : Provider(stage, limits), IPacedConnector
    {
        public ChatPace PaceOf(string chatId) => new(1 / 60d, 1);
    }
}
