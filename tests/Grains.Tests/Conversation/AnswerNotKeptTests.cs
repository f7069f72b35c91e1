using System.Collections.Concurrent;
using System.Collections.Immutable;
using Channels.Core;
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
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Grains.Tests.Conversation;

/// <summary>An answer that the store will never take ends its turn once: the agent is not asked for it again, and what waits behind it goes on.</summary>
public sealed class AnswerNotKeptTests : IConversationStore, IChannelDirectory, IConnectorCatalog, IAgentCatalog, IAgent, IInboxPressure
{
    private static readonly IdSource _ids = new(TimeProvider.System);
    private readonly ConversationRef _conversation = new(new TenantId(_ids.Next()), new AccountId(_ids.Next()), new ConversationId(_ids.Next()));
    private readonly ConcurrentQueue<TurnFinish> _offered = new();
    private readonly TaskCompletionSource<TurnFinish> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MessageId _message = new(_ids.Next());
    private int _asked;

    [Fact]
    public async Task An_answer_that_is_refused_ends_the_turn_as_failed_and_the_agent_is_asked_once()
    {
        await using var host = await GrainHost.StartAsync(options =>
        {
            options.Assemblies.Add(typeof(ConversationGrain).Assembly);
            options.Services = services => services
                .AddSingleton(TimeProvider.System)
                .AddSingleton<IConversationStore>(this)
                .AddSingleton<IChannelDirectory>(this)
                .AddSingleton<IConnectorCatalog>(this)
                .AddSingleton<IAgentCatalog>(this)
                .AddSingleton<IInboxPressure>(this)
                .AddSingleton(_ids)
                .AddSingleton(new DrainShare(1))
                .AddSingleton<Gates>()
                .AddSingleton<Closing>()
                .AddSingleton<TurnsUnderWay>()
                .AddSingleton<TurnAnswering>()
                .AddSingleton<TurnEndings>();
        });

        await host.Grains.GetGrain<IConversationGrain>(_conversation.Conversation.Value).EnqueueAsync(_conversation, [Turn()], complete: true);
        var end = await _ended.Task.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.True(end.AgentFailed);
        Assert.Equal("agent-answer-refused: the database refuses what the agent said (22P05)", end.Reason);
        Assert.Equal((1, 2), (_asked, _offered.Count));
    }

    Task<ConversationState?> IConversationStore.LoadAsync(ConversationRef conversation, CancellationToken cancellationToken) =>
        Task.FromResult<ConversationState?>(new ConversationState("chat", null, null, null, _ended.Task.IsCompleted ? [] : [Turn()], []));

    Task<ImmutableArray<AgentMessage>> IConversationStore.HistoryAsync(ConversationRef conversation, MessageId before, int limit, CancellationToken cancellationToken) =>
        Task.FromResult(ImmutableArray<AgentMessage>.Empty);

    Task<TurnEnd> IConversationStore.FinishTurnAsync(TurnFinish finish, CancellationToken cancellationToken)
    {
        _offered.Enqueue(finish);
        if (!finish.AgentFailed)
        {
            throw new BatchRefusedException("22P05", "The database refused it.");
        }

        _ended.TrySetResult(finish);
        return Task.FromResult(new TurnEnd(Ended: true, Begun: false));
    }

    Task<bool> IConversationStore.OpenTurnAsync(TurnOpening opening, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IConversationStore.QueueAsync(ConversationRef conversation, QueuedReply reply, Author author, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task IConversationStore.PauseAsync(ConversationRef conversation, DateTimeOffset? until, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask<ChannelEntry?> IChannelDirectory.FindAsync(AccountId account, CancellationToken cancellationToken)
    {
        var connection = new Connection(_conversation.Tenant, account, "447700900100", default, "webhook-secret-0123456789", new Uri("http://127.0.0.1:1/"));
        var policy = ChannelPolicy.Default with { OnAgentFailure = OnAgentFailure.Silent };
        return new(new ChannelEntry(
            _conversation.Tenant, new ConnectorId(account.Value), account, "fake", ConnectorStatus.Active, AccountStatus.Active, null, connection, new AgentSettings("talker", default), policy, false));
    }

    void IChannelDirectory.Forget(AccountId account)
    {
    }

    IReadOnlyCollection<IConnector> IConnectorCatalog.All => [];

    IConnector? IConnectorCatalog.Find(string kind) => null;

    IReadOnlyCollection<IAgent> IAgentCatalog.All => [this];

    IAgent? IAgentCatalog.Find(string kind) => this;

    string IAgent.Kind => "talker";

    AgentDescription IAgent.Description => throw new NotSupportedException();

    bool IAgent.AcceptsMedia(AgentSettings settings) => false;

    int IAgent.HistoryLength(AgentSettings settings) => 0;

    Task<AgentOutcome> IAgent.AnswerAsync(AgentTurn turn, AgentSettings settings, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return Task.FromResult<AgentOutcome>(new AgentOutcome.Silent("a reason that cannot be kept"));
    }

    IEnumerable<AgentComplaint> IAgent.Check(AgentSettings settings) => [];

    bool IInboxPressure.IsMadeBy(TenantId tenant) => false;

    bool IInboxPressure.OthersAreAbout => false;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    int IInboxPressure.Room => 100;

    bool IInboxPressure.MustRest => false;

    private PendingTurn Turn() => new(_message, "message.text", "hello", null, DateTimeOffset.UnixEpoch, null, "m-1");
}
