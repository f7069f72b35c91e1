using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One conversation: answers its messages one after the other. Key: conversation id.</summary>
/// <remarks>Message path, step 5 of 6. Calls return once queued: the agent is awaited in the grain's own loop only, so that nobody waits for it and 'a person took over' is heard at once.</remarks>
[Alias("IConversationGrain")]
public interface IConversationGrain : IGrainWithGuidKey
{
    /// <summary>New messages to answer, in order. They are committed already: a lost call is mended by the sweep.</summary>
    /// <param name="conversation">Where.</param>
    /// <param name="turns">The turns; empty to make it look into the store.</param>
    /// <param name="complete">Whether the caller knows that no earlier turn of this conversation can be missing here.</param>
    [Alias("EnqueueAsync"), AlwaysInterleave]
    Task EnqueueAsync(ConversationRef conversation, ImmutableArray<PendingTurn> turns, bool complete);

    /// <summary>A person took over, or gave back (null). Heard even while an agent is being awaited: its answer is then dropped.</summary>
    [Alias("PauseAsync"), AlwaysInterleave]
    Task PauseAsync(ConversationRef conversation, DateTimeOffset? until);

    /// <summary>A person answered elsewhere, which the store knows: the agent keeps silent until then, or longer where it is to do so already.</summary>
    [Alias("TakeOverAsync"), AlwaysInterleave]
    Task TakeOverAsync(ConversationRef conversation, DateTimeOffset until);

    /// <summary>The answer to a turn whose service took it earlier. Returns once it is kept, or refused.</summary>
    [Alias("ReplyAsync"), AlwaysInterleave]
    Task<LateReplyVerdict> ReplyAsync(ConversationRef conversation, MessageId turn, LateReply reply, CancellationToken cancellationToken);

    /// <summary>Queues a message to the contact that answers no turn. The same id twice sends once.</summary>
    [Alias("SendAsync"), AlwaysInterleave]
    Task SendAsync(ConversationRef conversation, MessageId message, OutboundDraft draft, CancellationToken cancellationToken);
}
