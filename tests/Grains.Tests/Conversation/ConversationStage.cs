using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.GrainHosting;
using Channels.Grains.Abstractions;
using Channels.Grains.Conversation;
using Channels.Grains.Fairness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Conversation;

/// <summary>A conversation grain on the real runtime, between a store and an agent that can be held. Delivery cannot be reached.</summary>
internal sealed class ConversationStage : IConversationStore, IChannelDirectory, IConnectorCatalog, IAgentCatalog, IAnswersLater, IInboxPressure, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly IdSource _ids = new(TimeProvider.System);
    private readonly TaskCompletionSource<TurnFinish> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<QueuedReply> _queued = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GrainHost _host = null!;
    private int _asked;

    private ConversationStage()
    {
        Where = new(new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        UnderWay = new(new Closing(Lifetime), TimeProvider.System, NullLogger<TurnsUnderWay>.Instance);
        Turn = new(new MessageId(_ids.Next()), "message.text", "hello", null, TimeProvider.System.GetUtcNow(), null, "m-1");
    }

    public ConversationRef Where { get; }

    public IConversationGrain Conversation => _host.Grains.GetGrain<IConversationGrain>(Where.Conversation.Value);

    public IAccountGrain Account => _host.Grains.GetGrain<IAccountGrain>(Where.Account.Value);

    public ChannelPolicy Policy { get; set; } = ChannelPolicy.Default;

    /// <summary>What the contact said.</summary>
    public PendingTurn Turn { get; set; }

    /// <summary>What the contact said besides, and is in the table for as long.</summary>
    public ImmutableArray<PendingTurn> Others { get; set; } = [];

    /// <summary>Where the chat is, as the table has it.</summary>
    public string ChatId { get; set; } = "chat";

    /// <summary>What the agent answers.</summary>
    public AgentOutcome Outcome { get; set; } = new AgentOutcome.Silent("the agent had nothing to say");

    /// <summary>The account's kind; null for none that this server knows.</summary>
    public IConnector? Kind { get; set; }

    /// <summary>Whether it is in its table, until it is ended.</summary>
    public bool IsWaiting { get; set; } = true;

    /// <summary>What the contact said after that, each in the table until it is ended itself.</summary>
    public ImmutableArray<PendingTurn> Behind { get; set; } = [];

    /// <summary>Turns the table tells at once.</summary>
    public int OfPage { get; set; } = 32;

    /// <summary>Between reading the tables and saying what was in them.</summary>
    public Func<Task> Read { get; set; } = () => Task.CompletedTask;

    /// <summary>While a pause, or its end, is being written.</summary>
    public Func<Task> Pausing { get; set; } = () => Task.CompletedTask;

    /// <summary>What becomes of the word that the agent answers later.</summary>
    public Func<TurnOpening, Task<bool>> Opening { get; set; } = _ => throw new NotSupportedException();

    /// <summary>While a message is being committed.</summary>
    public Func<CancellationToken, Task> Queueing { get; set; } = _ => Task.CompletedTask;

    /// <summary>While the agent thinks.</summary>
    public Func<Task> Asked { get; set; } = () => Task.CompletedTask;

    /// <summary>What the table says.</summary>
    public DateTimeOffset? PausedUntil { get; set; }

    public int TimesAsked => _asked;

    /// <summary>The process's.</summary>
    public StoppableLifetime Lifetime { get; } = new();

    /// <summary>What a process that stops waits for.</summary>
    public TurnsUnderWay UnderWay { get; }

    /// <summary>Which messages were answered together, in order.</summary>
    public List<MessageId[]> Endings { get; } = [];

    /// <summary>Until so many turns have ended.</summary>
    public async Task<List<MessageId[]>> EndedAsync(int turns)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            lock (Endings)
            {
                if (Endings.Sum(ending => ending.Length) >= turns)
                {
                    return [.. Endings];
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
        }
    }

    /// <summary>Tells the conversation that the table has changed.</summary>
    public Task LookAgainAsync() => Conversation.EnqueueAsync(Where, [], complete: false);

    /// <summary>The first message that is committed.</summary>
    public Task<QueuedReply> QueuedAsync() => _queued.Task.WaitAsync(Patience);

    /// <summary>Begins.</summary>
    /// <param name="more">What other grains need.</param>
    public static async Task<ConversationStage> OpenAsync(Action<IServiceCollection>? more = null)
    {
        var stage = new ConversationStage();
        stage._host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(ConversationGrain).Assembly);
            options.Services = services =>
            {
                services
                    .AddSingleton(TimeProvider.System)
                    .AddSingleton<IConversationStore>(stage)
                    .AddSingleton<IChannelDirectory>(stage)
                    .AddSingleton<IConnectorCatalog>(stage)
                    .AddSingleton<IAgentCatalog>(stage)
                    .AddSingleton<IInboxPressure>(stage)
                    .AddSingleton(stage._ids)
                    .AddSingleton(new DrainShare(1))
                    .AddSingleton<Gates>()
                    .AddSingleton(stage.UnderWay)
                    .AddSingleton<TurnAnswering>()
                    .AddSingleton<TurnEndings>();
                more?.Invoke(services);
            };
        });
        return stage;
    }

    public Task<TurnFinish> EndedAsync() => _ended.Task.WaitAsync(Patience);

    public MessageId NewId() => new(_ids.Next());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    async Task<ConversationState?> IConversationStore.LoadAsync(ConversationRef conversation, CancellationToken cancellationToken)
    {
        ImmutableArray<PendingTurn> waiting = IsWaiting && !_ended.Task.IsCompleted ? [Turn, .. Others, .. Behind] : Behind;
        lock (Endings)
        {
            waiting = waiting.RemoveAll(turn => Endings.Any(ending => ending.Contains(turn.Message)));
        }

        var found = new ConversationState(ChatId, null, null, PausedUntil, [.. waiting.Take(OfPage)], [], HasMoreTurns: waiting.Length >= OfPage);
        await Read();
        return found;
    }

    Task<ImmutableArray<AgentMessage>> IConversationStore.HistoryAsync(ConversationRef conversation, MessageId before, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<AgentMessage>.Empty);

    Task<TurnEnd> IConversationStore.FinishTurnAsync(TurnFinish finish, CancellationToken cancellationToken)
    {
        lock (Endings)
        {
            Endings.Add([.. finish.Turns]);
        }

        _ended.TrySetResult(finish);
        return Task.FromResult(new TurnEnd(Ended: true, Begun: false));
    }

    Task<bool> IConversationStore.OpenTurnAsync(TurnOpening opening, CancellationToken cancellationToken) => Opening(opening);

    async Task IConversationStore.QueueAsync(ConversationRef conversation, QueuedReply reply, Author author, CancellationToken cancellationToken)
    {
        await Queueing(cancellationToken);
        _queued.TrySetResult(reply);
    }

    async Task IConversationStore.PauseAsync(ConversationRef conversation, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        await Pausing();
        PausedUntil = until;
    }

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken)
    {
        var connection = new Connection(Where.Tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        return new(new ChannelEntry(
            Where.Tenant, new ConnectorId(account.Value), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null, connection, new AgentSettings("talker", default), Policy, false));
    }

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IReadOnlyCollection<IConnector> IConnectorCatalog.All => [];

    IConnector? IConnectorCatalog.Find(string kind) => Kind;

    IReadOnlyCollection<IAgent> IAgentCatalog.All => [this];

    IAgent? IAgentCatalog.Find(string kind) => this;

    string IAgent.Kind => "talker";

    AgentDescription IAgent.Description => throw new NotSupportedException();

    bool IAgent.AcceptsMedia(AgentSettings settings) => false;

    int IAgent.HistoryLength(AgentSettings settings) => 0;

    async Task<AgentOutcome> IAgent.AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        await Asked();
        return Outcome;
    }

    TimeSpan IAnswersLater.ReplyWithin(AgentSettings settings) => TimeSpan.FromMinutes(5);

    IEnumerable<AgentComplaint> IAgent.Check(AgentSettings settings) => [];

    bool IInboxPressure.IsMadeBy(TenantId tenant) => false;

    bool IInboxPressure.OthersAreAbout => false;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    int IInboxPressure.Room => 100;

    bool IInboxPressure.MustRest => false;
}
