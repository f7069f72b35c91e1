using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Outbox;

namespace Channels.Core.Conversations;

/// <summary>How a turn ended. All of it happens, or nothing.</summary>
/// <param name="Conversation">Where.</param>
/// <param name="Turns">The messages that were answered, oldest first: the first names the turn, the others came with it in one burst.</param>
/// <param name="Replies">What to send, in this order; empty to send nothing.</param>
/// <param name="Reason">Why nothing, or why an apology, is sent; null for an ordinary reply.</param>
/// <param name="AgentFailed">Whether the reason is the channel's last error.</param>
public sealed record TurnFinish(
    ConversationRef Conversation, ImmutableArray<MessageId> Turns, ImmutableArray<QueuedReply> Replies, string? Reason, bool AgentFailed)
{
    /// <summary>Which turn.</summary>
    public MessageId Turn => Turns[0];

    /// <summary>Set when a person must answer from now on.</summary>
    public HandedOver? HandOver { get; init; }

    /// <summary>What the contact is offered to choose from now on: empty withdraws what was offered, null leaves it as it is.</summary>
    public ImmutableArray<string>? Options { get; init; }

    /// <summary>Set for a turn that may be answered later: how that ended, for whoever still answers it.</summary>
    public LateEnding? Late { get; init; }

    /// <summary>When the agent was first asked; null when it was not, or by a process that is gone.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>How often it was asked by the process that ends the turn.</summary>
    public int Asks { get; init; }

    /// <summary>Whether delivery keeps a place for the first reply: then its first attempt is recorded with it, where its contact can be written to.</summary>
    public bool Reserved { get; init; }
}

/// <summary>What the ending of a turn came to.</summary>
/// <param name="Ended">This call ended it; false when it was ended before.</param>
/// <param name="Begun">The first reply's first attempt is recorded: it is <see cref="Outbox.OutboxState.Sending"/>, and to be sent by whoever kept the place for it, nobody else.</param>
public readonly record struct TurnEnd(bool Ended, bool Begun);

/// <summary>The agent keeps silent until the conversation is given back.</summary>
/// <param name="Event">Id of the event that tells of it.</param>
/// <param name="Reason">For the tenant; without secrets and texts.</param>
public sealed record HandedOver(Guid Event, string Reason);

/// <summary>A turn whose answer is to come later.</summary>
/// <param name="Conversation">Where.</param>
/// <param name="Turns">The messages to be answered, oldest first; the first names the turn.</param>
/// <param name="AnswerBy">The time for it is over then.</param>
/// <param name="AskedAt">When the agent was asked.</param>
public sealed record TurnOpening(ConversationRef Conversation, ImmutableArray<MessageId> Turns, DateTimeOffset AnswerBy, DateTimeOffset? AskedAt = null)
{
    /// <summary>Which turn.</summary>
    public MessageId Turn => Turns[0];
}

/// <summary>How a turn ended that could be answered later.</summary>
/// <param name="State">In which way.</param>
/// <param name="AnswerBy">When the time for it is, or was, over.</param>
/// <param name="AnswerHash">Tells the same answer from another one; null where none was taken.</param>
public sealed record LateEnding(LateTurnState State, DateTimeOffset AnswerBy, byte[]? AnswerHash);

/// <summary>Where a turn stands whose answer is to come later.</summary>
public enum LateTurnState
{
    /// <summary>It may be answered.</summary>
    Open = 0,

    /// <summary>Its answer came.</summary>
    Answered,

    /// <summary>No answer came in time.</summary>
    Expired,

    /// <summary>A person answers the conversation instead.</summary>
    Overtaken,
}
