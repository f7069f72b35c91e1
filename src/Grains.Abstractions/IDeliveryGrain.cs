using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One account's outbox: sends replies in order per conversation, repeats what did not leave, settles what may have. Key: account id.</summary>
/// <remarks>Message path, step 6 of 6. Calls return once queued; the provider is awaited in the grain's own loop only.</remarks>
[Alias("IDeliveryGrain")]
public interface IDeliveryGrain : IGrainWithGuidKey
{
    /// <summary>Keeps a place for a reply whose turn is about to end, if it would be sent at once. Asks no store, calls nobody.</summary>
    /// <remarks>
    /// The place is one among the account's concurrent sends, and the conversation's next; leave to send is taken from its paces. Whoever gets it says within ten seconds what became of the turn
    /// (<see cref="SendBegunAsync"/>, <see cref="EnqueueAsync"/> or <see cref="AbandonAsync"/>); after that it is given up, and the table is read.
    /// </remarks>
    /// <param name="conversation">Where.</param>
    /// <param name="reply">Which.</param>
    /// <param name="chatId">The chat in the provider's canonical form.</param>
    /// <returns>False when it has to wait for anything, or whether it has cannot be said without looking.</returns>
    [Alias("ReserveAsync"), AlwaysInterleave]
    Task<bool> ReserveAsync(ConversationId conversation, MessageId reply, string chatId);

    /// <summary>A reply whose first attempt was committed as begun, on the strength of a place kept for it: it is sent now. Without the place, the table is read, as after a crash.</summary>
    [Alias("SendBegunAsync"), AlwaysInterleave]
    Task SendBegunAsync(QueuedReply reply);

    /// <summary>What became of the turn that a place was kept for is not known, or somebody else ended it: the place is given back, and the table is read.</summary>
    [Alias("AbandonAsync"), AlwaysInterleave]
    Task AbandonAsync(MessageId reply);

    /// <summary>New replies, committed already, in order. Places kept for them are given back.</summary>
    [Alias("EnqueueAsync"), AlwaysInterleave]
    Task EnqueueAsync(TenantId tenant, ImmutableArray<QueuedReply> replies);

    /// <summary>Something changed in the store or in the channel: look again.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();

    /// <summary>What queued replies of a conversation wait for at this moment. Asks no store, calls nobody, changes nothing.</summary>
    /// <param name="conversation">Which.</param>
    /// <param name="replies">Which of its replies.</param>
    /// <returns>For those that have to wait, in the order of <paramref name="replies"/>; the others leave now, or are not known here.</returns>
    [Alias("GetWaitsAsync"), AlwaysInterleave, ReadOnly]
    Task<ImmutableArray<ReplyWait>> GetWaitsAsync(ConversationId conversation, ImmutableArray<MessageId> replies);
}
