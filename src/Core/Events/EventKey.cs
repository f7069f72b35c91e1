namespace Channels.Core.Events;

/// <summary>What an event is recognised by when it is told twice: the same key, the same happening.</summary>
/// <param name="Account">The provider's id of our side.</param>
/// <param name="ChatId">The chat; null where the provider left it out.</param>
/// <param name="Id">The message's id; of an edit or deletion, the id of the message it changes.</param>
/// <param name="KeyClass">
/// What the event is about. <c>message</c> for the message itself, however it came: the same one arrives as <c>message.text</c>,
/// as <c>echo.text</c> from a second client, or as <c>history.message</c> at pairing. Then <c>reaction, vote, edited, deleted</c>, or the event's kind.
/// </param>
/// <param name="Revision">Tells several changes of one message apart.</param>
public readonly record struct EventKey(string? Account, string? ChatId, string Id, string KeyClass, string Revision)
{
    /// <summary>The revision of a message of history that stands in for one whose file is told later, under the same id: that one takes its place.</summary>
    public const string Placeholder = "placeholder";

    /// <summary>Null for events that have no id and may simply be repeated: connection, presence, contacts.</summary>
    public static EventKey? Of(ChannelEvent happened) => IdOf(happened) is { } id
        ? new EventKey(happened.Account, happened.ChatId, id, ClassOf(happened), happened.Revision)
        : null;

    private static string? IdOf(ChannelEvent happened) => happened.Kind switch
    {
        // The same edit comes with and without an id of its own; what it changes is always known.
        EventKinds.MessageEdited or EventKinds.MessageDeleted or EventKinds.EchoEdited => happened.TargetMessageId ?? happened.MessageId,
        EventKinds.CallOffer or EventKinds.CallEnd => happened.Details.GetValueOrDefault("call_id") as string,
        EventKinds.Ignored => null,
        _ => happened.MessageId ?? happened.TargetMessageId ?? happened.EventId,
    };

    private static string ClassOf(ChannelEvent happened) => happened.Kind switch
    {
        // Somebody's reaction or vote of the past is the one that was told when it was given. A reaction of ours is told as our messages are.
        EventKinds.HistoryMessage when happened is { Emoji: not null, FromMe: not true } => "reaction",
        EventKinds.HistoryMessage when happened is { Emoji: null, TargetMessageId: not null } => "vote",
        EventKinds.MessageEdited or EventKinds.EchoEdited => "edited",
        EventKinds.MessageDeleted => "deleted",
        EventKinds.MessageReaction => "reaction",
        EventKinds.MessagePollVote => "vote",
        EventKinds.HistoryMessage => "message",
        var kind when kind.StartsWith("message.", StringComparison.Ordinal) || kind.StartsWith("echo.", StringComparison.Ordinal) => "message",
        var kind => kind,
    };
}
