using System.Collections.Immutable;
using Channels.Core.Events;
using Channels.Core.Ids;

namespace Channels.Core.Transcript;

/// <summary>Records what an account's webhooks said, and forgets the webhooks, in one transaction.</summary>
/// <remarks>Message path, step 4 of 6. Previous: a kind's <c>…Inbound</c>. Next: the conversation grain. Safe to repeat: duplicates are dropped by the database.</remarks>
public interface ITranscript
{
    /// <summary>Applies the whole batch or nothing.</summary>
    /// <exception cref="StoreUnavailableException">Nothing, or everything, is recorded: repeat it.</exception>
    /// <exception cref="BatchRefusedException">The database refuses something in it for good: split it, then park the row.</exception>
    Task<RecordResult> RecordAsync(AccountBatch batch, CancellationToken cancellationToken);

    /// <summary>Which conversation each chat belongs to; makes those that are missing.</summary>
    Task<ImmutableArray<ResolvedChat>> ResolveAsync(TenantId tenant, AccountId account, ImmutableArray<ChatSighting> chats, CancellationToken cancellationToken);

    /// <summary>Makes two conversations one: everything of <paramref name="gone"/> belongs to <paramref name="kept"/> from now on.</summary>
    /// <remarks>A long one moves in pieces; until the last of them both have aliases of their own. Safe to repeat, and to be repeated when it fails.</remarks>
    Task MergeAsync(ConversationRef kept, ConversationId gone, CancellationToken cancellationToken);

    /// <summary>What is written in a conversation goes to another id of its chat from now on, where it went to the former one until now.</summary>
    /// <returns>Whether it did: its grain may still know the former one.</returns>
    Task<bool> MoveAsync(ConversationRef conversation, string from, string to, CancellationToken cancellationToken);

    /// <summary>Settles held echoes of an account: matched by id, then by text, or, past their deadline, a person's.</summary>
    Task<EchoResult> SettleEchoesAsync(TenantId tenant, AccountId account, DateTimeOffset now, TimeSpan takeoverPause, CancellationToken cancellationToken);
}

/// <summary>What a drained piece of one account's inbox comes to.</summary>
public sealed record AccountBatch(TenantId Tenant, AccountId Account)
{
    /// <summary>Webhooks that are done with.</summary>
    public ImmutableArray<WebhookId> Finished { get; init; } = [];

    /// <summary>Webhooks nobody can read.</summary>
    public ImmutableArray<ParkedWebhook> Parked { get; init; } = [];

    /// <summary>Messages to record, in order.</summary>
    public ImmutableArray<RecordedMessage> Messages { get; init; } = [];

    /// <summary>Receipts for messages we sent.</summary>
    public ImmutableArray<DeliveryReceipt> Receipts { get; init; } = [];

    /// <summary>Edits and deletions.</summary>
    public ImmutableArray<MessageChange> Changes { get; init; } = [];

    /// <summary>New names and pictures of contacts.</summary>
    public ImmutableArray<ContactChange> Contacts { get; init; } = [];

    /// <summary>Own messages nobody here knows yet.</summary>
    public ImmutableArray<HeldEcho> Echoes { get; init; } = [];

    /// <summary>Conversations that were given back to the agent.</summary>
    public ImmutableArray<Resumption> Resumptions { get; init; } = [];

    /// <summary>Contacts who cannot be written to any more, or can again.</summary>
    public ImmutableArray<ReachChange> Reach { get; init; } = [];

    /// <summary>What the provider wants less of.</summary>
    public ImmutableArray<ThrottleChange> Throttles { get; init; } = [];

    /// <summary>The provider's own numbers of the updates in it, with when each came; empty where it does not count them.</summary>
    public ImmutableArray<CountedUpdate> Counted { get; init; } = [];

    /// <summary>Why each event without a row of its own has none: counted by reason, so that nothing vanishes unseen. What stands behind a colon is not counted apart.</summary>
    public ImmutableArray<string> Dropped { get; init; } = [];

    /// <summary>How long the agent keeps silent where a person took over.</summary>
    public TimeSpan TakeoverPause { get; init; }

    /// <summary>Whether there is anything to write.</summary>
    public bool IsEmpty => Finished.IsEmpty && Parked.IsEmpty;
}

/// <summary>A webhook put aside with its reason; its body is kept and can be replayed.</summary>
public sealed record ParkedWebhook(WebhookId Id, string Reason);

/// <summary>Who wrote a message.</summary>
public enum Author
{
    /// <summary>The person on the other side.</summary>
    Contact = 0,

    /// <summary>Our agent.</summary>
    Agent,

    /// <summary>A person of the tenant: on the phone, or through the API.</summary>
    Person,

    /// <summary>Another program using the provider's API.</summary>
    Program,
}

/// <summary>One row of the transcript to be.</summary>
/// <param name="Id">Its id, in handling order.</param>
/// <param name="Conversation">Where it belongs.</param>
/// <param name="Outbound">Whether our side wrote it.</param>
/// <param name="Author">Who.</param>
/// <param name="Kind">In the product's vocabulary.</param>
/// <param name="ProviderMessageId">The provider's id; with conversation, kind class and revision it makes the duplicate key.</param>
/// <param name="KeyClass">What the key is about: <c>message</c>, <c>reaction</c>, <c>vote</c>…</param>
/// <param name="Revision">Tells repeated changes of one message apart.</param>
/// <param name="Text">Scrubbed text.</param>
/// <param name="Status"><c>received, ignored, unsupported</c> (in), <c>sent</c> (out, somebody else's).</param>
/// <param name="Reason">Why no turn starts, where none does.</param>
/// <param name="SenderId">Who, in the provider's words.</param>
/// <param name="SenderName">The sender's name, where they gave one.</param>
/// <param name="OccurredAt">The provider's time.</param>
/// <param name="DetailsJson">Media, location, options…: everything of the event that has no column.</param>
/// <param name="StartsTurn">Whether the agent is to answer it.</param>
/// <param name="History">Imported history: no event, no unread count, not the newest message.</param>
/// <param name="ReceivedAt">When the webhook that brought it was stored.</param>
public sealed record RecordedMessage(
    MessageId Id, ConversationId Conversation, bool Outbound, Author Author, string Kind, string ProviderMessageId, string KeyClass, string Revision,
    string? Text, string Status, string? Reason, string? SenderId, string? SenderName, DateTimeOffset OccurredAt, string? DetailsJson,
    bool StartsTurn, bool History, DateTimeOffset? ReceivedAt = null)
{
    /// <summary>Its file, where that must be fetched from the provider.</summary>
    public MediaReference? Fetch { get; init; }

    /// <summary>Until then its turn waits for that file; null where it does not.</summary>
    public DateTimeOffset? TurnWaitsUntil { get; init; }
}

/// <summary>The provider's receipt for a message of ours.</summary>
/// <param name="Conversation">The chat's conversation, where the receipt names one.</param>
/// <param name="ProviderMessageId">Which message.</param>
/// <param name="Status"><c>sent, delivered, read</c> or <c>failed</c>.</param>
/// <param name="Reason">The provider's word for a failure.</param>
/// <param name="Ours">Our own id of the message, where the provider brings back what we sent along: proof that it left, also when its answer never came.</param>
public sealed record DeliveryReceipt(ConversationId? Conversation, string ProviderMessageId, string Status, string? Reason, MessageId? Ours = null);

/// <summary>An edit or deletion of an earlier message.</summary>
/// <param name="Conversation">Where, if that is known.</param>
/// <param name="TargetProviderMessageId">The provider's id of the message.</param>
/// <param name="NewText">What it says now; null where that is not known.</param>
/// <param name="Deleted">Whether it was taken back.</param>
/// <param name="At">When; null for an edit whose time the provider does not tell: it counts only while no edit with a time is known.</param>
public sealed record MessageChange(ConversationId? Conversation, string TargetProviderMessageId, string? NewText, bool Deleted, DateTimeOffset? At);

/// <summary>A contact's name or picture. Null leaves what is known.</summary>
public sealed record ContactChange(string Alias, string? Name, string? AvatarUrl);

/// <summary>A conversation is given back to the agent, unless somebody took it over since.</summary>
/// <param name="Conversation">Which.</param>
/// <param name="At">When the provider says it was.</param>
/// <param name="Event">Id of the event that tells of it.</param>
public sealed record Resumption(ConversationId Conversation, DateTimeOffset At, Guid Event);

/// <summary>Whether a contact can be written to. Of two changes the later one counts; of two at once the one that lets us try.</summary>
/// <param name="Conversation">With whom.</param>
/// <param name="At">When the provider says it changed.</param>
/// <param name="Unreachable">Why not, in the tenant's words; null when they can be.</param>
/// <param name="Event">Id of the event that tells of it.</param>
public sealed record ReachChange(ConversationId Conversation, DateTimeOffset At, string? Unreachable, Guid Event);

/// <summary>An update with its provider's number.</summary>
public readonly record struct CountedUpdate(long Number, DateTimeOffset At);

/// <summary>The account is to send nothing, or less, until then. It never shortens what is asked already.</summary>
/// <param name="Until">When it ends.</param>
/// <param name="Holds">Nothing at all; otherwise half the pace.</param>
/// <param name="Reason">In the tenant's words.</param>
/// <param name="Event">Id of the event that tells of it.</param>
public sealed record ThrottleChange(DateTimeOffset Until, bool Holds, string Reason, Guid Event);

/// <summary>An own message whose id nobody here knows while a reply in its chat is under way: the echo of our send often overtakes the answer to it.</summary>
/// <param name="Message">What it is recorded as if it turns out to be somebody else's.</param>
/// <param name="Deadline">When it is taken for a person's.</param>
/// <param name="PausesAgent">Whether it then pauses the agent (a person on the phone) or not (another program).</param>
public sealed record HeldEcho(RecordedMessage Message, DateTimeOffset Deadline, bool PausesAgent)
{
    /// <summary>No deadline is ever further away. What has one that is got it from a clock that has been set back since.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
}

/// <summary>What recording a batch did.</summary>
/// <param name="New">Messages that were not duplicates.</param>
/// <param name="EchoesHeld">Whether the account has echoes waiting.</param>
/// <param name="Takeovers">Conversations in which a person took over.</param>
/// <param name="Outdated">Conversations with unanswered messages that an edit or a deletion has changed, before they came or since: their turns are to be read from the table.</param>
public sealed record RecordResult(ImmutableHashSet<MessageId> New, bool EchoesHeld, ImmutableArray<ConversationId> Takeovers, ImmutableArray<ConversationId> Outdated);

/// <summary>Reasons that the transcript itself gives a message.</summary>
public static class TranscriptReasons
{
    /// <summary>Its sender took it back.</summary>
    public const string Deleted = "deleted by its sender";
}

/// <summary>What settling echoes did.</summary>
/// <param name="StillHeld">Whether some wait on.</param>
/// <param name="Takeovers">Conversations in which a person took over.</param>
/// <param name="SettledSends">Whether sends of unknown outcome were settled, so that delivery should look again.</param>
public sealed record EchoResult(bool StillHeld, ImmutableArray<ConversationId> Takeovers, bool SettledSends);

/// <summary>A chat somebody wrote in.</summary>
/// <param name="Aliases">Every id it is known by; the first is the one to send to.</param>
/// <param name="ChatType">As in the event.</param>
/// <param name="ContactName">The contact's name, where known.</param>
/// <param name="ContactPhone">Digits, where known.</param>
/// <param name="Proposed">The id the conversation gets if it is new.</param>
public sealed record ChatSighting(ImmutableArray<string> Aliases, string ChatType, string? ContactName, string? ContactPhone, ConversationId Proposed);

/// <summary>An alias and the conversation it stands for.</summary>
public readonly record struct ResolvedChat(string Alias, ConversationId Conversation);

/// <summary>The database refuses a batch for good (SQLSTATE class 21, 22, 23 or 54), or it cannot be written down, and it cannot be split further.</summary>
public sealed class BatchRefusedException(string sqlState, string message) : Exception(message)
{
    /// <summary>The <see cref="SqlState"/> of a message to a conversation that is not there.</summary>
    public const string NoSuchConversation = "23503";

    /// <summary>The five-character SQLSTATE; the kind of failure when it did not get as far as the database.</summary>
    public string SqlState { get; } = sqlState;
}
