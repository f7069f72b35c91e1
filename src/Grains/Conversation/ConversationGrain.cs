using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Grains.Fairness;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Conversation;

/// <summary>Answers one conversation's messages, one at a time, in order.</summary>
/// <remarks>
/// Message path, step 5 of 6. Previous: <see cref="Account.AccountGrain"/>. Next: <see cref="Delivery.DeliveryGrain"/>.
/// The agent is awaited in the grain's own loop. A crash while it is awaited leaves the turn in its table; the agent is asked again with the same turn id.
/// </remarks>
[CollectionAgeLimit(Minutes = 2)]
internal sealed class ConversationGrain : Grain, IConversationGrain
{
    private readonly IChannelDirectory _directory;
    private readonly IConversationStore _store;
    private readonly TurnAnswering _answering;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;
    private readonly Gates _gates;
    private readonly ILogger<ConversationGrain> _logger;
    private readonly TurnQueue _queue = new();
    private readonly Pump _pump;
    private ConversationRef _where;
    private ConversationState? _state;
    private DateTimeOffset? _pausedUntil;
    private int _pauseVersion;
    private bool _lookBefore;

    public ConversationGrain(
        IChannelDirectory directory, IConversationStore store, TurnAnswering answering, IdSource ids, TimeProvider clock, Gates gates, ILogger<ConversationGrain> logger)
    {
        _directory = directory;
        _store = store;
        _answering = answering;
        _ids = ids;
        _clock = clock;
        _gates = gates;
        _logger = logger;
        _pump = new Pump(AnswerAsync, clock, logger);
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _pump.StopAsync();

    /// <inheritdoc/>
    public Task EnqueueAsync(ConversationRef conversation, ImmutableArray<PendingTurn> turns, bool complete)
    {
        _where = conversation;
        _queue.Offer(turns, complete);
        _pump.Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task PauseAsync(ConversationRef conversation, DateTimeOffset? until)
    {
        _where = conversation;
        _pausedUntil = until;
        _pauseVersion++;
        await _store.PauseAsync(conversation, until, CancellationToken.None);
        _pump.Signal();
    }

    /// <inheritdoc/>
    public async Task SendAsync(ConversationRef conversation, MessageId message, string text, Author author, CancellationToken cancellationToken)
    {
        _where = conversation;
        var state = _state ?? await _store.LoadAsync(conversation, cancellationToken) ?? throw new InvalidOperationException($"Conversation {conversation.Conversation} does not exist.");
        var reply = new QueuedReply(message, conversation.Conversation, state.ChatId, text, ReplyTo: null);
        await _store.QueueAsync(conversation, reply, author, cancellationToken);
        await GrainFactory.GetGrain<IDeliveryGrain>(conversation.Account.Value).EnqueueAsync(conversation.Tenant, [reply]);
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_queue.MustLoad && !await LoadAsync(cancellationToken))
            {
                return;
            }

            if (_queue.Head is not { } turn)
            {
                return;
            }

            if (await _directory.FindAsync(_where.Account, cancellationToken) is not { TenantSuspended: false } channel)
            {
                // Suspended or deleted: the turns stay in their table; the sweep comes back to them.
                _queue.AbandonLoad();
                return;
            }

            await AnswerAsync(channel, turn, cancellationToken);
            _queue.Remove(turn.Message);
        }
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        var pauseVersion = _pauseVersion;
        _queue.BeginLoad();
        try
        {
            _state = await _store.LoadAsync(_where, cancellationToken);
        }
        catch
        {
            _queue.AbandonLoad();
            throw;
        }

        if (_state is null)
        {
            _queue.AbandonLoad();
            return false;
        }

        // A pause heard while reading is newer than what was read.
        if (pauseVersion == _pauseVersion)
        {
            _pausedUntil = _state.PausedUntil;
        }

        _queue.EndLoad(_state.Turns);
        return true;
    }

    private async Task AnswerAsync(ChannelEntry channel, PendingTurn turn, CancellationToken cancellationToken)
    {
        if (WhySilent(channel) is { } silent)
        {
            await FinishAsync(turn, null, silent, agentFailed: false, cancellationToken);
            return;
        }

        AgentOutcome outcome;
        using (await _gates.Turns.EnterAsync(channel.Tenant, cancellationToken))
        {
            outcome = await _answering.AskAsync(channel, _where, turn, _state?.Context, cancellationToken);
        }

        // A person may have taken over while the agent thought.
        if (outcome is AgentOutcome.Reply && WhySilent(channel) is { } overtaken)
        {
            outcome = new AgentOutcome.Silent(overtaken);
        }

        switch (outcome)
        {
            case AgentOutcome.Reply reply:
                await FinishAsync(turn, reply.Text, null, agentFailed: false, cancellationToken);
                break;
            case AgentOutcome.Silent why:
                await FinishAsync(turn, null, why.Reason, agentFailed: false, cancellationToken);
                break;
            case AgentOutcome.Failed failed:
                ConversationLog.AgentFailed(_logger, _where.Conversation, channel.Agent.Kind, failed.Code);
                await FinishAsync(turn, channel.Policy.Apology ?? Apology.In(channel.Policy.Locale), $"{failed.Code}: {failed.Reason}", agentFailed: true, cancellationToken);
                break;
        }
    }

    private string? WhySilent(ChannelEntry channel) => channel.Agent.Kind == "none"
        ? "the channel has no agent"
        : _pausedUntil > _clock.GetUtcNow() ? "a person answers this conversation" : null;

    private async Task FinishAsync(PendingTurn turn, string? text, string? reason, bool agentFailed, CancellationToken cancellationToken)
    {
        var reply = text is null ? null : new QueuedReply(new MessageId(_ids.Next()), _where.Conversation, _state!.ChatId, text, ReplyTo: null);

        try
        {
            if (!await _store.FinishTurnAsync(new TurnFinish(_where, turn.Message, reply, reason, agentFailed), cancellationToken))
            {
                // Ended before, by a call whose answer was lost or by another activation: the tables know how.
                _lookBefore = true;
                _queue.Offer([], complete: false);
            }
        }
        catch
        {
            // It may be queued all the same. Delivery must look into the table before it takes a later reply for its next.
            _lookBefore = true;
            throw;
        }

        if (reply is not null)
        {
            await TellDeliveryAsync(reply);
        }
    }

    // The reply is committed; a call that fails is made good by the sweep.
    private async Task TellDeliveryAsync(QueuedReply reply)
    {
        var delivery = GrainFactory.GetGrain<IDeliveryGrain>(_where.Account.Value);
        try
        {
            await (_lookBefore ? delivery.WakeAsync() : delivery.EnqueueAsync(_where.Tenant, [reply]));
            _lookBefore = false;
        }
        catch (Exception failure)
        {
            _lookBefore = true;
            ConversationLog.DeliveryNotTold(_logger, _where.Conversation, failure.GetType().Name);
        }
    }
}
