using Channels.Core.Channels;
using Channels.Core.Conversations;

namespace Channels.Grains.Conversation;

/// <content>How turns end, or are left to be answered later: in one transaction, and what follows from it in memory.</content>
internal sealed partial class ConversationGrain
{
    private async Task<bool> FinishAsync(TurnFinish ending, CancellationToken cancellationToken)
    {
        var pauseVersion = _pauseVersion;
        var finish = await _dispatch.ReserveAsync(_asks.On(ending));
        TurnEnd end;
        try
        {
            // A reply that this begins is not left alone by somebody who goes: it would have to be looked up, or sent as a possible duplicate.
            end = await _store.FinishTurnAsync(finish, finish.Reserved ? CancellationToken.None : cancellationToken);
        }
        catch
        {
            // It may be done all the same. Delivery must look into the table before it takes a later reply for its next, and so must we.
            _queue.Doubt();
            await _dispatch.DoubtAsync(finish);
            throw;
        }

        if (end.Ended)
        {
            Remember(finish, pauseVersion);
        }
        else
        {
            _queue.Doubt();
        }

        await _dispatch.TellAsync(finish, end);
        return end.Ended;
    }

    // False when it was ended meanwhile: its answer overtook the word that it would come later.
    private async Task<bool> OpenAsync(ChannelEntry channel, Burst burst, CancellationToken cancellationToken)
    {
        var limit = _clock.GetUtcNow() + _answering.ReplyWithin(channel)!.Value;
        try
        {
            if (!await _store.OpenTurnAsync(new TurnOpening(_where, [.. burst.Turns.Select(turn => turn.Message)], limit, _asks.Since), cancellationToken))
            {
                _queue.Doubt();
                return false;
            }
        }
        catch
        {
            // It may be written all the same: asked once more, the agent would be told of a turn it has promised to answer.
            _queue.Doubt();
            throw;
        }

        // The sweep wakes us when the time is over. Somebody may have taken over while the agent was asked: that ends the turn now.
        _queue.Replace(burst.Turns.Select(turn => turn with { AnswerBy = limit }));
        _pump.Signal();
        return true;
    }

    private void Remember(TurnFinish finish, int pauseVersion)
    {
        if (finish.Options is { } options)
        {
            _state = _state is null ? null : _state with { Options = options };
        }

        if (finish.HandOver is null)
        {
            return;
        }

        ConversationLog.HandedOver(_logger, _where.Conversation);
        if (pauseVersion == _pauseVersion)
        {
            _pausedUntil = AgentPause.UntilResumed;
            _pauseVersion++;
        }
        else
        {
            // Somebody paused or resumed at the same moment: the table knows who came last.
            _queue.Doubt();
        }
    }
}
