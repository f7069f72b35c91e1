using Channels.Core.Conversations;

namespace Channels.Grains.Conversation;

/// <content>How turns end: in one transaction, and what follows from it in memory.</content>
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
