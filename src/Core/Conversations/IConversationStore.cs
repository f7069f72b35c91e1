using System.Collections.Immutable;
using Channels.Core.Agents;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Orleans;

namespace Channels.Core.Conversations;

/// <summary>What a conversation grain reads and writes.</summary>
/// <remarks>Message path, step 5 of 6. Previous: the account grain. Next: the delivery grain.</remarks>
public interface IConversationStore
{
    /// <summary>The conversation and its unanswered turns, oldest first; null when it does not exist.</summary>
    Task<ConversationState?> LoadAsync(ConversationRef conversation, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="limit"/> messages before <paramref name="before"/>, oldest first.</summary>
    Task<ImmutableArray<AgentMessage>> HistoryAsync(ConversationRef conversation, MessageId before, int limit, CancellationToken cancellationToken);

    /// <summary>Ends a turn and queues its reply in one transaction. False when the turn was already ended by somebody else: then nothing was queued.</summary>
    Task<bool> FinishTurnAsync(TurnFinish finish, CancellationToken cancellationToken);

    /// <summary>Queues a message that answers no turn. The same id twice queues once.</summary>
    Task QueueAsync(ConversationRef conversation, QueuedReply reply, Author author, CancellationToken cancellationToken);

    /// <summary>Silences the agent until then; null lets it speak again.</summary>
    Task PauseAsync(ConversationRef conversation, DateTimeOffset? until, CancellationToken cancellationToken);
}

/// <summary>A message that waits for the agent.</summary>
[GenerateSerializer, Immutable, Alias("PendingTurn")]
public sealed record PendingTurn(
    [property: Id(0)] MessageId Message, [property: Id(1)] string Kind, [property: Id(2)] string? Text, [property: Id(3)] string? SenderName,
    [property: Id(4)] DateTimeOffset OccurredAt, [property: Id(5)] string? DetailsJson, [property: Id(6)] string ProviderMessageId);

/// <summary>A conversation as its grain holds it.</summary>
/// <param name="ChatId">Where replies go.</param>
/// <param name="ContactName">The contact's name.</param>
/// <param name="Context">Free text the tenant set for agents.</param>
/// <param name="PausedUntil">The agent keeps silent until then.</param>
/// <param name="Turns">Unanswered turns, oldest first.</param>
public sealed record ConversationState(
    string ChatId, string? ContactName, string? Context, DateTimeOffset? PausedUntil, ImmutableArray<PendingTurn> Turns);

/// <summary>How a turn ended.</summary>
/// <param name="Conversation">Where.</param>
/// <param name="Turn">Which.</param>
/// <param name="Reply">What to send; null to send nothing.</param>
/// <param name="Reason">Why nothing, or why an apology, is sent; null for an ordinary reply.</param>
/// <param name="AgentFailed">Whether the reason is the channel's last error.</param>
public sealed record TurnFinish(ConversationRef Conversation, MessageId Turn, QueuedReply? Reply, string? Reason, bool AgentFailed);
