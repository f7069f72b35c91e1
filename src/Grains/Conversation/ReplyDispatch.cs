using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Channels.Grains.Delivery;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Conversation;

/// <summary>Brings one conversation's replies to delivery: a place for them before their turn ends, word of them afterwards.</summary>
/// <remarks>
/// A reply that has a place is recorded as begun by the transaction that ends its turn, and sent without another. The place is delivery's to give, and to take back after a while;
/// whatever goes wrong in between leaves a row that delivery finds in the table.
/// </remarks>
internal sealed class ReplyDispatch(Func<AccountId, IDeliveryGrain> deliveryOf, TimeProvider clock, ILogger logger)
{
    // Messages of others, a person's or a program's, that are being queued: a reply must not take the place before them.
    private int _others;

    // Something may lie in the table that delivery does not know: it must look before it takes a later reply for its next.
    private bool _lookBefore;

    private bool _hasBegun;

    // Told delivery to look, or of a reply: that ends no doubt which came up meanwhile.
    private int _doubts;

    /// <summary>The tables have been read. By the first time they tell what another activation has left, which may have ended, with its silo, before it told delivery.</summary>
    /// <param name="repliesWait">Whether they had replies of the conversation that have not left. Later ones are our own, of which delivery was told, or is in doubt.</param>
    public void Begin(bool repliesWait)
    {
        if (repliesWait && !_hasBegun)
        {
            Doubt();
        }

        _hasBegun = true;
    }

    /// <summary>The ending, with whether delivery keeps a place for its reply. Only an ordinary one has one: a single part, and nothing in doubt before it.</summary>
    public async Task<TurnFinish> ReserveAsync(TurnFinish finish)
    {
        if (_lookBefore || _others > 0 || finish.Replies is not [{ Content: null } reply])
        {
            return finish;
        }

        try
        {
            // A place that is given after we have stopped asking is given back by the reply's coming without it.
            var asked = DeliveryOf(finish).ReserveAsync(reply.Conversation, reply.Id, reply.ChatId);
            return finish with { Reserved = await asked.WaitAsync(Reservations.Patience, clock) };
        }
        catch (Exception failure)
        {
            ConversationLog.NothingReserved(logger, finish.Conversation.Conversation, failure.GetType().Name);
            return finish;
        }
    }

    /// <summary>The turn has ended, by this call or before it. The replies are committed; a call that fails is made good by the sweep.</summary>
    public async Task TellAsync(TurnFinish finish, TurnEnd end)
    {
        // Ended before, by a call whose answer was lost or by another activation: the tables know how.
        if (!end.Ended)
        {
            Doubt();
        }

        if (finish.Replies.IsEmpty)
        {
            return;
        }

        var (delivery, doubts) = (DeliveryOf(finish), _doubts);
        try
        {
            if (end.Begun)
            {
                await delivery.SendBegunAsync(finish.Replies[0]);
                return;
            }

            await (finish.Reserved && !end.Ended ? delivery.AbandonAsync(finish.Replies[0].Id)
                : _lookBefore ? delivery.WakeAsync()
                : delivery.EnqueueAsync(finish.Conversation.Tenant, finish.Replies));
            Told(doubts);
        }
        catch (Exception failure)
        {
            Doubt();
            ConversationLog.DeliveryNotTold(logger, finish.Conversation.Conversation, failure.GetType().Name);
        }
    }

    /// <summary>Queues somebody's own message and tells delivery. What is committed leaves: a call to delivery that fails is made good by the sweep, and is no error to whoever would send it again.</summary>
    /// <param name="conversation">Where it goes.</param>
    /// <param name="message">What.</param>
    /// <param name="queue">Commits it. When this throws it may be done all the same, even later.</param>
    public async Task SendAsync(ConversationRef conversation, QueuedReply message, Func<Task> queue)
    {
        _others++;
        try
        {
            await queue();
            await EnqueueAsync(conversation, message);
        }
        catch
        {
            Doubt();
            await TryAsync(conversation, () => deliveryOf(conversation.Account).WakeAsync());
            throw;
        }
        finally
        {
            _others--;
        }
    }

    /// <summary>Nobody knows whether the turn has ended: it may be done all the same, even later. Delivery looks, now and before it hears of a later reply.</summary>
    public async Task DoubtAsync(TurnFinish finish)
    {
        Doubt();
        if (finish.Reserved)
        {
            await TryAsync(finish.Conversation, () => DeliveryOf(finish).AbandonAsync(finish.Replies[0].Id));
        }
    }

    private async Task EnqueueAsync(ConversationRef conversation, QueuedReply message)
    {
        var delivery = deliveryOf(conversation.Account);
        var (mustLook, doubts) = (_lookBefore, _doubts);
        if (await TryAsync(conversation, () => mustLook ? delivery.WakeAsync() : delivery.EnqueueAsync(conversation.Tenant, [message])))
        {
            Told(doubts);
        }
        else
        {
            Doubt();
        }
    }

    private void Doubt()
    {
        _lookBefore = true;
        _doubts++;
    }

    private void Told(int doubts) => _lookBefore &= doubts != _doubts;

    private async Task<bool> TryAsync(ConversationRef conversation, Func<Task> tell)
    {
        try
        {
            await tell();
            return true;
        }
        catch (Exception failure)
        {
            ConversationLog.DeliveryNotTold(logger, conversation.Conversation, failure.GetType().Name);
            return false;
        }
    }

    private IDeliveryGrain DeliveryOf(TurnFinish finish) => deliveryOf(finish.Conversation.Account);
}
