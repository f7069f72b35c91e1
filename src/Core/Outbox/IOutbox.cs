using System.Collections.Immutable;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Orleans;

namespace Channels.Core.Outbox;

/// <summary>What a delivery grain reads and writes: replies that have not been settled.</summary>
/// <remarks>Message path, step 6 of 6. Previous: the conversation grain. Next: the provider.</remarks>
public interface IOutbox
{
    /// <summary>Which of the account's replies wait or are under way, oldest first, at most <paramref name="limit"/>, after <paramref name="after"/>: no more than their ids.</summary>
    Task<ImmutableArray<WaitingId>> FindAsync(TenantId tenant, AccountId account, MessageId? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The oldest replies of each of these conversations that wait or are under way, in the order of these conversations, at most <paramref name="ofEach"/> of one, and of all no more
    /// than memory should hold at once. All as they are at one moment.
    /// </summary>
    Task<OutboxPage> LoadAsync(
        TenantId tenant, AccountId account, IReadOnlyList<ConversationId> conversations, int ofEach, CancellationToken cancellationToken);

    /// <summary>Records that an attempt starts, before the provider is called, unless the row is gone, its outcome is unknown, or an attempt of that number was begun before.</summary>
    /// <remarks>Of two who begin the same <paramref name="attempt"/> one may make it. Who does not hear the answer reads the row again: it looks like one that a crash cut off.</remarks>
    Task<SendStart> BeginSendAsync(TenantId tenant, AccountId account, MessageId message, int attempt, bool possiblyDuplicate, CancellationToken cancellationToken);

    /// <summary>Records what became of an attempt. Safe to repeat.</summary>
    /// <returns>False when it is out of date: the reply has been settled, or an attempt after this one has begun. Then nothing has changed, unless the reply turns out to be sent.</returns>
    Task<bool> SettleAsync(SendSettlement settlement, CancellationToken cancellationToken);

    /// <summary>The account's replies of unknown outcome whose last attempt began after <paramref name="begunAfter"/>, newest first, at most <paramref name="limit"/>.</summary>
    Task<ImmutableArray<OutboxRow>> LoadUnknownAsync(TenantId tenant, AccountId account, DateTimeOffset begunAfter, int limit, CancellationToken cancellationToken);

    /// <summary>Puts a reply of unknown outcome back into the queue, marked as a possible duplicate. To be asked only when the provider has said that it has no such message.</summary>
    /// <returns>False, and nothing changed, when it was settled meanwhile, was repeated before, or something later of ours in its conversation may have left.</returns>
    Task<bool> RepeatAsync(TenantId tenant, AccountId account, MessageId message, CancellationToken cancellationToken);

    /// <summary>Records that the provider was asked whether it has a reply, and what it said: for whoever wonders what became of it.</summary>
    Task LookedUpAsync(TenantId tenant, AccountId account, MessageId message, string answer, CancellationToken cancellationToken);

    /// <summary>Provider ids already known to belong to other messages of the conversation, made or sent since then, however long they waited before; newest first, bounded.</summary>
    Task<ImmutableHashSet<string>> KnownProviderIdsAsync(ConversationRef conversation, DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>Whether a provider's id belongs to another message of the conversation than this one. False while nobody's is known to have it.</summary>
    Task<bool> IsAnothersAsync(ConversationRef conversation, MessageId message, string providerMessageId, CancellationToken cancellationToken);
}

/// <summary>A message of ours as it travels from conversation to delivery.</summary>
/// <param name="Id">Its id in the transcript.</param>
/// <param name="Conversation">Where it belongs.</param>
/// <param name="ChatId">The chat in the provider's canonical form.</param>
/// <param name="Text">What to say; see <see cref="OutboundMessage.Text"/>.</param>
/// <param name="ReplyTo">Provider id of the message it answers.</param>
/// <param name="Content">What it is besides its text; null for plain text.</param>
[GenerateSerializer, Immutable, Alias("QueuedReply")]
public sealed record QueuedReply(
    [property: Id(0)] MessageId Id, [property: Id(1)] ConversationId Conversation, [property: Id(2)] string ChatId, [property: Id(3)] string Text,
    [property: Id(4)] string? ReplyTo, [property: Id(5)] OutboundContent? Content = null);

/// <summary>A reply that waits, by its id.</summary>
public readonly record struct WaitingId(MessageId Id, ConversationId Conversation);

/// <summary>What was read of several conversations' replies.</summary>
/// <param name="Rows">Conversation after conversation, each from its oldest on. At least one, if any of them has one.</param>
/// <param name="IsCut">They have become too long: the conversation of the last may have more, and those that were asked for after it were not reached.</param>
public sealed record OutboxPage(ImmutableArray<OutboxRow> Rows, bool IsCut);

/// <summary>Where an unsettled reply stands.</summary>
public enum OutboxState
{
    /// <summary>Waits for its time.</summary>
    Queued = 0,

    /// <summary>The provider has been, or is about to be, called.</summary>
    Sending = 1,

    /// <summary>It may have left; only evidence or a person settles it.</summary>
    Unknown = 2,
}

/// <summary>An unsettled reply as it was stored.</summary>
public sealed record OutboxRow(QueuedReply Reply, OutboxState State, int Attempts, DateTimeOffset NextAttemptAt, DateTimeOffset? SendingSince, bool PossiblyDuplicate)
{
    /// <summary>No attempt is ever put off for longer. What is dated later was dated by a clock that has been set back since.</summary>
    public static readonly TimeSpan FurthestAttempt = TimeSpan.FromMinutes(90);

    /// <summary>How long after its attempt a reply of unknown outcome is looked up, where its provider can say. The last two are for gateways that were down at the first.</summary>
    public static readonly ImmutableArray<TimeSpan> LookUpsAfter = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(35), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)];

    /// <summary>When a person had it sent once more; null when nobody did.</summary>
    public DateTimeOffset? QueuedAt { get; init; }

    /// <summary>Why its last attempt did not leave, by the code of the outcome; null, or no code at all, where there was none or it is not known.</summary>
    public string? LastCode { get; init; }

    /// <summary>About how many bytes it has: its words, and what it consists of besides as far as it was read from the table.</summary>
    public int Size { get; init; } = Reply.Text.Length;

    /// <summary>What it consists of cannot be read any more. Nothing of it can be sent; what waits behind it can.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>Since when it waits: since it was made, or since a person had it sent once more.</summary>
    public DateTimeOffset WaitsSince => QueuedAt ?? IdSource.TimeOf(Reply.Id.Value);
}

/// <summary>Whether an attempt may be made.</summary>
/// <param name="Begun">It is recorded as begun.</param>
/// <param name="OutOfReachSince">Since when the contact cannot be written to: the provider need not be asked. Null when they can.</param>
/// <param name="OutOfReachReason">Why, in the tenant's words.</param>
public readonly record struct SendStart(bool Begun, DateTimeOffset? OutOfReachSince, string? OutOfReachReason);

/// <summary>What became of one attempt.</summary>
/// <param name="Tenant">Owner.</param>
/// <param name="Account">Sender.</param>
/// <param name="Reply">Which.</param>
/// <param name="Outcome">What the provider said.</param>
/// <param name="NextAttemptAt">For an outcome that is tried again.</param>
/// <param name="Attempt">Which attempt, as it was begun. Only that it was sent is true whichever it was.</param>
public sealed record SendSettlement(TenantId Tenant, AccountId Account, QueuedReply Reply, SendOutcome Outcome, DateTimeOffset NextAttemptAt, int Attempt)
{
    /// <summary>False for a reply that fails without being tried any more: <see cref="Attempt"/> is its last one, and it counts only while the reply waits and certainly has not left.</summary>
    public bool IsBegun { get; init; } = true;
}
