namespace Channels.Core.Events;

/// <summary>The closed list of what a payload can be turned into: the words operators, agents and integrators read.</summary>
public static class EventKinds
{
#pragma warning disable CS1591 // The names are the documentation.
    public const string MessageText = "message.text";
    public const string MessageImage = "message.image";
    public const string MessageVideo = "message.video";
    public const string MessageAudio = "message.audio";
    public const string MessageVoice = "message.voice";
    public const string MessageDocument = "message.document";
    public const string MessageSticker = "message.sticker";
    public const string MessageLocation = "message.location";
    public const string MessageContact = "message.contact";
    public const string MessagePoll = "message.poll";
    public const string MessagePollVote = "message.poll_vote";
    public const string MessageReaction = "message.reaction";
    public const string MessageButtonReply = "message.button_reply";
    public const string MessageListReply = "message.list_reply";
    public const string MessageFormReply = "message.form_reply";
    public const string MessageCommand = "message.command";
    public const string MessageShare = "message.share";
    public const string MessageStoryMention = "message.story_mention";
    public const string MessageEmail = "message.email";
    public const string MessageEdited = "message.edited";
    public const string MessageDeleted = "message.deleted";
    public const string MessageUnsupported = "message.unsupported";
    public const string Postback = "postback";
    public const string Referral = "referral";
    public const string Comment = "comment";
    public const string ChannelPost = "channel_post";
    public const string ChannelPostEdited = "channel_post.edited";
    public const string EchoText = "echo.text";
    public const string EchoImage = "echo.image";
    public const string EchoEmail = "echo.email";
    public const string EchoInteractive = "echo.interactive";
    public const string EchoStoryMention = "echo.story_mention";
    public const string EchoEdited = "echo.edited";
    public const string StandbyMessage = "standby.message";
    public const string ControlPassed = "control.passed";
    public const string HistoryMessage = "history.message";
    public const string StatusSent = "status.sent";
    public const string StatusDelivered = "status.delivered";
    public const string StatusRead = "status.read";
    public const string StatusPlayed = "status.played";
    public const string StatusFailed = "status.failed";
    public const string ConnectionOpen = "connection.open";
    public const string ConnectionConnecting = "connection.connecting";
    public const string ConnectionClosed = "connection.closed";
    public const string ConnectionStopped = "connection.stopped";
    public const string ConnectionQr = "connection.qr";
    public const string ConnectionQrNeeded = "connection.qr_needed";
    public const string ConnectionQrExpired = "connection.qr_expired";
    public const string ConnectionActionRequired = "connection.action_required";
    public const string ConnectionUnknown = "connection.unknown";
    public const string AccountError = "account.error";
    public const string AccountRemoved = "account.removed";
    public const string ContactUpsert = "contact.upsert";
    public const string Presence = "presence";
    public const string MembershipBlocked = "membership.blocked";
    public const string MembershipUnblocked = "membership.unblocked";
    public const string SystemNumberChanged = "system.number_changed";
    public const string SystemIdentityChanged = "system.identity_changed";
    public const string SystemChatMigrated = "system.chat_migrated";
    public const string CallOffer = "call.offer";
    public const string CallEnd = "call.end";
    public const string TemplateStatus = "template.status";
    public const string Ping = "ping";
    public const string Ignored = "ignored";
#pragma warning restore CS1591
}
