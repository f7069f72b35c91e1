using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
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

/// <summary>Answers one conversation's messages, one at a time, or one burst at a time, in order.</summary>
/// <remarks>
/// Message path, step 5 of 6. Previous: <see cref="Account.AccountGrain"/>. Next: <see cref="Delivery.DeliveryGrain"/>.
/// The agent is awaited in the grain's own loop. A crash while it is awaited leaves the turn in its table; the agent is asked again with the same turn id.
/// A turn that its agent answers later holds nothing: its row says until when it waits, and so does whatever came behind it. Nor does one that waits for its file:
/// whoever fetches that tells us, the sweep does when nobody could, and at the end of the wait it goes with what there is.
/// </remarks>
[CollectionAgeLimit(Minutes = 2), Orleans.Placement.PreferLocalPlacement]
internal sealed partial class ConversationGrain : Grain, IConversationGrain
{
    private readonly IChannelDirectory _directory;
    private readonly IConversationStore _store;
    private readonly TurnAnswering _answering;
    private readonly TurnEndings _endings;
    private readonly TimeProvider _clock;
    private readonly Gates _gates;
    private readonly TurnsUnderWay _underWay;
    private readonly ILogger<ConversationGrain> _logger;
    private readonly TurnQueue _queue = new();
    private readonly TypingSigns _typing;
    private readonly Asks _asks;
    private readonly ReplyDispatch _dispatch;
    private readonly Pump _pump;
    private readonly Alarm _alarm;
    private ConversationRef _where;
    private ConversationState? _state;
    private DateTimeOffset? _pausedUntil;
    private int _pauseVersion;

    public ConversationGrain(
        IChannelDirectory directory, IConversationStore store, TurnAnswering answering, TurnEndings endings, IConnectorCatalog connectors, TimeProvider clock, Gates gates,
        TurnsUnderWay underWay, ILogger<ConversationGrain> logger)
    {
        _directory = directory;
        _store = store;
        _answering = answering;
        _endings = endings;
        _clock = clock;
        _gates = gates;
        _underWay = underWay;
        _logger = logger;
        _typing = new TypingSigns(connectors, clock, logger);
        _asks = new Asks(clock);
        _dispatch = new ReplyDispatch(account => GrainFactory.GetGrain<IDeliveryGrain>(account.Value), clock, logger);
        _pump = new Pump(AnswerAsync, () => $"conversation {_where.Conversation}", clock, logger);
        _alarm = new Alarm(this, _pump);
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
        var version = ++_pauseVersion;

        // Whether this is written or not, memory says afterwards what the table says.
        _queue.Doubt();
        try
        {
            await _store.PauseAsync(conversation, until, CancellationToken.None);
        }
        catch
        {
            // Who read meanwhile may have read what was before it.
            _queue.Doubt();
            _pump.Signal();
            throw;
        }

        if (version == _pauseVersion)
        {
            // Also for whoever began to read before this was written.
            _pausedUntil = until;
            _pauseVersion++;
        }
        else
        {
            // Somebody took over, or paused, or resumed at the same moment: the table knows who came last.
            _queue.Doubt();
        }

        _pump.Signal();
    }

    /// <inheritdoc/>
    public Task TakeOverAsync(ConversationRef conversation, DateTimeOffset until)
    {
        _where = conversation;
        _pausedUntil = _pausedUntil > until ? _pausedUntil : until;

        // A read that is under way may have begun before this was written.
        _pauseVersion++;
        _queue.Doubt();
        _pump.Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task SendAsync(ConversationRef conversation, MessageId message, OutboundDraft draft, CancellationToken cancellationToken)
    {
        _where = conversation;
        var state = (_queue.MustLoad ? null : _state) ?? await ReadAsync(cancellationToken) ?? throw new InvalidOperationException($"Conversation {conversation.Conversation} does not exist.");
        var reply = new QueuedReply(message, conversation.Conversation, state.ChatId, draft.Text, draft.ReplyTo, draft.Content);

        // From here on it is done: a caller who goes away must not leave it queued and untold, to be overtaken by what comes after it.
        await _dispatch.SendAsync(conversation, reply, () => _store.QueueAsync(conversation, reply, draft.Author, CancellationToken.None));
    }

    /// <inheritdoc/>
    public async Task<LateReplyVerdict> ReplyAsync(ConversationRef conversation, MessageId turn, LateReply reply, CancellationToken cancellationToken)
    {
        _where = conversation;
        if (await _directory.FindAsync(conversation.Account, cancellationToken) is not { } channel || await ReadAsync(cancellationToken) is not { } state
            || WaitingFor(turn, state, channel) is not { } burst)
        {
            return LateReplyVerdict.NotOpen;
        }

        var now = _clock.GetUtcNow();
        var limit = burst.First.AnswerBy ?? now;
        if (limit < now)
        {
            _queue.Doubt();
            _pump.Signal();
            return LateReplyVerdict.Expired;
        }

        var overtaken = WhySilent(channel, state, burst);
        var outcome = overtaken is null ? Outcomes.Of(reply) : new AgentOutcome.Silent(overtaken);
        var ending = new LateEnding(overtaken is null ? LateTurnState.Answered : LateTurnState.Overtaken, limit, overtaken is null ? reply.Fingerprint() : null);

        // From here on it is done: a caller who goes away must not leave it half told.
        var ended = await FinishAsync(_endings.Of(channel, conversation, state, burst, outcome) with { Late = ending }, CancellationToken.None);
        _queue.Doubt();
        _pump.Signal();
        return !ended ? LateReplyVerdict.NotOpen : overtaken is null ? LateReplyVerdict.Accepted : LateReplyVerdict.Overtaken;
    }

    private async Task AnswerAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_queue.MustLoad && !await LoadAsync(cancellationToken))
            {
                return;
            }

            if (_queue.IsEmpty)
            {
                return;
            }

            if (await _directory.FindAsync(_where.Account, cancellationToken) is not { TenantSuspended: false } channel)
            {
                // Suspended or deleted: the turns stay in their table; the sweep comes back to them.
                _queue.Doubt();
                return;
            }

            var burst = Burst.Of(_queue.Turns, channel.Policy.Debounce);
            if (burst.ClosesAt > DateTimeOffset.MinValue && _queue.EndsAt(burst.Last))
            {
                // Some of it may be in the table alone.
                _queue.Doubt();
                continue;
            }

            // From its agent's being asked until what became of it is recorded. After the signal to stop the turns stay in their table, for the next start.
            using var one = _underWay.TryBegin();
            if (one is null || !await AnswerAsync(channel, burst, cancellationToken))
            {
                return;
            }

            _queue.Remove(burst.Turns);
        }
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        _queue.BeginLoad();
        try
        {
            _state = await ReadAsync(cancellationToken);
        }
        catch
        {
            _queue.Doubt();
            throw;
        }

        if (_state is null)
        {
            _queue.Doubt();
            return false;
        }

        _queue.EndLoad(_state.Turns, _state.HasMoreTurns);

        // Held there alone: one that is ended is let go.
        _state = _state with { Turns = [] };
        return true;
    }

    private async Task<ConversationState?> ReadAsync(CancellationToken cancellationToken)
    {
        var pauseVersion = _pauseVersion;
        if (await _store.LoadAsync(_where, cancellationToken) is not { } state)
        {
            return null;
        }

        // A pause heard while reading is newer than what was read.
        if (pauseVersion == _pauseVersion)
        {
            _pausedUntil = state.PausedUntil;
        }

        _dispatch.Begin(state.RepliesWait);

        return state;
    }

    // False when the turn must wait: for the contact's next message, or for its service's answer.
    private async Task<bool> AnswerAsync(ChannelEntry channel, Burst burst, CancellationToken cancellationToken)
    {
        if (await DecideAsync(channel, burst, cancellationToken) is not { } outcome)
        {
            return false;
        }

        if (outcome is AgentOutcome.Later)
        {
            return !await OpenAsync(channel, burst, cancellationToken);
        }

        if (outcome is AgentOutcome.Failed failed)
        {
            ConversationLog.AgentFailed(_logger, _where.Conversation, channel.Agent.Kind, failed.Code);
        }

        try
        {
            await FinishAsync(_endings.InTurn(channel, _where, _state!, burst, outcome), cancellationToken);
        }
        catch (BatchRefusedException refusal) when (outcome is not AgentOutcome.Failed)
        {
            // Asked again, the agent would say the same again, and all behind it would wait.
            ConversationLog.AnswerRefused(_logger, _where.Conversation, channel.Agent.Kind, refusal.SqlState);
            await FinishAsync(_endings.InTurn(channel, _where, _state!, burst, Outcomes.NotKept(refusal.SqlState)), cancellationToken);
        }

        return true;
    }

    // Null when nothing can be decided yet.
    private async Task<AgentOutcome?> DecideAsync(ChannelEntry channel, Burst burst, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        if ((WhySilent(channel, _state!, burst) ?? Silence.OfAge(channel.Policy, _answering.FileWait(channel), burst, now)) is { } silent)
        {
            return new AgentOutcome.Silent(silent);
        }

        var limit = burst.First.AnswerBy;
        if (Outcomes.IsOver(limit, now))
        {
            return Outcomes.TooLate(limit!.Value);
        }

        // Who asks for a person while an answer, or a file, is waited for gets one at once: the wait may be as long as a day.
        var fileWait = limit is null ? burst.FileWaitAt(now, _answering.FileWait(channel)) : null;
        IEnumerable<PendingTurn> said = limit is null && fileWait is null ? burst.Turns : _queue.Turns;
        if (said.Any(turn => HandoverWords.AreMeantBy(turn.Text, channel.Policy.HandoverKeywords)))
        {
            return new AgentOutcome.HandOver(channel.Policy.HandoverText, "the contact asked for a person");
        }

        if (limit is not null)
        {
            return null;
        }

        if ((burst.WaitAt(now, channel.Policy.Debounce) ?? fileWait) is { } wait)
        {
            // Whatever wakes us, only the table knows what has become of a file.
            if (fileWait is not null)
            {
                _queue.Doubt();
            }

            _alarm.Set(wait);
            return null;
        }

        if (await AskAsync(channel, burst, cancellationToken) is not { } outcome)
        {
            return null;
        }

        // A person may have taken over while the agent thought, the contact may have taken back what they said, or write from another number.
        burst = await AsItIsAsync(burst, cancellationToken);
        return WhySilent(channel, _state!, burst) is { } overtaken ? Outcomes.Overtaken(outcome, overtaken) : outcome;
    }

    // Null when the process began to stop while a place was waited for.
    private async Task<AgentOutcome?> AskAsync(ChannelEntry channel, Burst burst, CancellationToken cancellationToken)
    {
        using var place = await _gates.Turns.EnterAsync(channel.Tenant, cancellationToken);
        if (!_underWay.MayAsk)
        {
            return null;
        }

        // It may have been edited, or taken back, while a place was waited for.
        burst = await AsItIsAsync(burst, cancellationToken);
        if (burst.Turns.All(turn => turn.Deleted))
        {
            return new AgentOutcome.Silent(TranscriptReasons.Deleted);
        }

        using var typing = _typing.Begin(channel, _where, _state!.ChatId, burst.Last.ProviderMessageId, cancellationToken);
        _asks.Note([.. burst.Turns.Select(turn => turn.Message)]);
        return await _answering.AskAsync(channel, _where, burst, _state!, cancellationToken);
    }

    // The table is asked only where somebody has said that it has changed.
    private async Task<Burst> AsItIsAsync(Burst burst, CancellationToken cancellationToken)
    {
        if (!_queue.MustLoad || await ReadAsync(cancellationToken) is not { } state)
        {
            return burst;
        }

        _state = state with { Turns = [] };
        var now = state.Turns.ToDictionary(turn => turn.Message);
        return burst with { Turns = [.. burst.Turns.Select(turn => now.GetValueOrDefault(turn.Message, turn))] };
    }

    private string? WhySilent(ChannelEntry channel, ConversationState state, Burst burst) => Silence.Why(channel, _pausedUntil, state.OutOfReach, burst, _clock.GetUtcNow());

    // The messages that are answered with this one; null when it is not being answered by somebody who may answer it later.
    private Burst? WaitingFor(MessageId turn, ConversationState state, ChannelEntry channel)
    {
        var waiting = state.Turns.SkipWhile(one => one.Message != turn).ToList();

        // An answer may overtake the word that it will come later: then the turn is the next, and its agent is, or was before a crash, being asked.
        if (waiting is not [var first, ..] || (first.AnswerBy is null && (state.Turns[0].Message != turn || _answering.ReplyWithin(channel) is null)))
        {
            return null;
        }

        // The answer is to what was asked. A message that became visible meanwhile, though it came before the burst closed, has none yet.
        return first.AnswerBy is null && _asks.About(turn) is { IsEmpty: false } asked
            ? new Burst([.. waiting.Where(one => asked.Contains(one.Message))], DateTimeOffset.MinValue)
            : Burst.Of(waiting, channel.Policy.Debounce);
    }
}
