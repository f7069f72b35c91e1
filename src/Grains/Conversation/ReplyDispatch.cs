using Channels.Core.Conversations;
using Channels.Core.Ids;
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
    /// <summary>Messages of others, a person's or a program's, that are being queued: a reply must not take the place before them.</summary>
    public int Others { get; set; }

    // Something may lie in the table that delivery does not know: it must look before it takes a later reply for its next.
    private bool _lookBefore;

    /// <summary>The ending, with whether delivery keeps a place for its reply. Only an ordinary one has one: a single part, and nothing in doubt before it.</summary>
    public async Task<TurnFinish> ReserveAsync(TurnFinish finish)
    {
        if (_lookBefore || Others > 0 || finish.Replies is not [{ Content: null } reply])
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
        _lookBefore |= !end.Ended;
        if (finish.Replies.IsEmpty)
        {
            return;
        }

        var delivery = DeliveryOf(finish);
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
            _lookBefore = false;
        }
        catch (Exception failure)
        {
            _lookBefore = true;
            ConversationLog.DeliveryNotTold(logger, finish.Conversation.Conversation, failure.GetType().Name);
        }
    }

    /// <summary>Nobody knows whether the turn has ended: it may be done all the same, even later. Delivery looks, now and before it hears of a later reply.</summary>
    public async Task DoubtAsync(TurnFinish finish)
    {
        _lookBefore = true;
        if (!finish.Reserved)
        {
            return;
        }

        try
        {
            await DeliveryOf(finish).AbandonAsync(finish.Replies[0].Id);
        }
        catch (Exception failure)
        {
            ConversationLog.DeliveryNotTold(logger, finish.Conversation.Conversation, failure.GetType().Name);
        }
    }

    private IDeliveryGrain DeliveryOf(TurnFinish finish) => deliveryOf(finish.Conversation.Account);
}
