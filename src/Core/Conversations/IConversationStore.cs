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
    /// <summary>The conversation and its oldest unanswered turns, oldest first, as many as memory should hold; null when it does not exist.</summary>
    Task<ConversationState?> LoadAsync(ConversationRef conversation, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="limit"/> messages before <paramref name="before"/>, oldest first: those of them that are 256 KB together, and the last one whatever its size.</summary>
    Task<ImmutableArray<AgentMessage>> HistoryAsync(ConversationRef conversation, MessageId before, int limit, CancellationToken cancellationToken);

    /// <summary>Ends a turn, with all that follows from it, in one transaction. Not ended when somebody else had ended it already: then nothing of it is done.</summary>
    /// <remarks>An exception leaves open whether it was done, or still will be.</remarks>
    Task<TurnEnd> FinishTurnAsync(TurnFinish finish, CancellationToken cancellationToken);

    /// <summary>Keeps a turn open until its answer comes or the time is over. False when the turn was already ended by somebody else.</summary>
    Task<bool> OpenTurnAsync(TurnOpening opening, CancellationToken cancellationToken);

    /// <summary>Queues a message that answers no turn. The same id twice queues once.</summary>
    Task QueueAsync(ConversationRef conversation, QueuedReply reply, Author author, CancellationToken cancellationToken);

    /// <summary>Silences the agent until then; null lets it speak again.</summary>
    Task PauseAsync(ConversationRef conversation, DateTimeOffset? until, CancellationToken cancellationToken);
}

/// <summary>A message that waits for the agent; <c>Deleted</c> once its sender has taken it back.</summary>
[GenerateSerializer, Immutable, Alias("PendingTurn")]
public sealed record PendingTurn(
    [property: Id(0)] MessageId Message, [property: Id(1)] string Kind, [property: Id(2)] string? Text, [property: Id(3)] string? SenderName,
    [property: Id(4)] DateTimeOffset OccurredAt, [property: Id(5)] string? DetailsJson, [property: Id(6)] string ProviderMessageId,
    [property: Id(7)] DateTimeOffset? AnswerBy = null, [property: Id(8)] PendingFile? File = null, [property: Id(9)] bool Deleted = false)
{
    /// <summary>No answer is waited for longer: a day at the most. What may come later than this was dated by a clock that has been set back since, and its time is over.</summary>
    public static readonly TimeSpan FurthestAnswer = TimeSpan.FromHours(25);
}

/// <summary>A message's file that is still being fetched from the provider.</summary>
/// <param name="WaitUntil">Its turn waits for it until then; null where it does not.</param>
/// <param name="Trouble">What the last attempt to fetch it came to; null before the first has failed.</param>
[GenerateSerializer, Immutable, Alias("PendingFile")]
public sealed record PendingFile([property: Id(0)] DateTimeOffset? WaitUntil, [property: Id(1)] string? Trouble);

/// <summary>A conversation as its grain holds it.</summary>
/// <param name="ChatId">Where replies go.</param>
/// <param name="ContactName">The contact's name.</param>
/// <param name="Context">Free text the tenant set for agents.</param>
/// <param name="PausedUntil">The agent keeps silent until then.</param>
/// <param name="Turns">Unanswered turns, oldest first.</param>
/// <param name="Options">What the contact was last offered to choose from; empty for nothing.</param>
/// <param name="OutOfReach">Set when the contact cannot be written to.</param>
/// <param name="RepliesWait">Whether the outbox has replies or messages of the conversation that wait to be sent, or are being sent.</param>
/// <param name="HasMoreTurns">Whether the table may have turns behind the first of <paramref name="Turns"/> that are not among them.</param>
public sealed record ConversationState(
    string ChatId, string? ContactName, string? Context, DateTimeOffset? PausedUntil, ImmutableArray<PendingTurn> Turns, ImmutableArray<string> Options,
    OutOfReach? OutOfReach = null, bool RepliesWait = false, bool HasMoreTurns = false);

/// <summary>A contact cannot be written to, as far as the provider has told.</summary>
/// <param name="Since">Since when, by the provider's time. What the contact wrote later proves otherwise.</param>
/// <param name="Reason">Why, in the tenant's words.</param>
public sealed record OutOfReach(DateTimeOffset Since, string Reason);

/// <summary>What somebody wants said in a conversation, besides the agent.</summary>
/// <param name="Text">See <see cref="Connectors.OutboundMessage.Text"/>.</param>
/// <param name="ReplyTo">Provider id of the message it answers.</param>
/// <param name="Content">What it is besides its text; null for plain text.</param>
/// <param name="Author">Who says it.</param>
[GenerateSerializer, Immutable, Alias("OutboundDraft")]
public sealed record OutboundDraft(
    [property: Id(0)] string Text, [property: Id(1)] string? ReplyTo, [property: Id(2)] Connectors.OutboundContent? Content, [property: Id(3)] Author Author);
