using System.Collections.Immutable;

namespace Channels.Core.Events;

/// <summary>One thing a provider told us, in our words. What <c>preview</c> shows and what the account grain acts on.</summary>
/// <remarks>
/// Message path, step 3 of 6. Made by a kind's <c>…Inbound</c> from bytes alone, before any policy; nothing behind it sees provider JSON.
/// A field is null where it does not apply. Text is scrubbed: no NUL, no lone surrogates.
/// </remarks>
public sealed record ChannelEvent
{
    /// <summary>One of <see cref="EventKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>What it asks of us.</summary>
    public required EventAction Action { get; init; }

    /// <summary>The provider's own id of our side: instance, phone number id, bot, page.</summary>
    public string? Account { get; init; }

    /// <summary>The chat, in the provider's canonical form (for WhatsApp a jid without device part; the phone's where known).</summary>
    public string? ChatId { get; init; }

    /// <summary>Another id that the same chat is known by, where the provider told it with this event (a user id beside a phone number). Not shown by itself; it keeps one person in one conversation.</summary>
    public string? ChatAlias { get; init; }

    /// <summary>
    /// The chat's number as it is also spelled (Brazil, Mexico), where the provider answers from the one spelling what was sent to the other: both are one conversation. Never shown.
    /// </summary>
    public string? ChatSpelling { get; init; }

    /// <summary>
    /// What is sent to this id of the chat does not arrive any more: its conversation goes on at <see cref="ChatId"/>, or where the kind of the event says that a chat went. Null
    /// where nothing moved. Never shown.
    /// </summary>
    public string? MovedFrom { get; init; }

    /// <summary>
    /// Where an answer goes when the chat's id alone does not say it (a topic in it, a business account it belongs to): what the conversation is known by,
    /// and what the kind's sender gets as its chat. Null where it is <see cref="ChatId"/>. Never shown.
    /// </summary>
    public string? Address { get; init; }

    /// <summary><c>direct, group, channel, broadcast, thread</c>, or the provider's own word (<c>private, supergroup, status, newsletter</c>); see <see cref="ChatTypes"/>.</summary>
    public string? ChatType { get; init; }

    /// <summary>One person writes with us there, although <see cref="ChatType"/> is the word for a chat of several (a topic of a channel's direct messages). Never shown.</summary>
    public bool IsOneToOne { get; init; }

    /// <summary>The provider's message id.</summary>
    public string? MessageId { get; init; }

    /// <summary>The provider's id of the happening itself, where it is no message and changes none (a pressed button): what it is recognised by. Never shown.</summary>
    public string? EventId { get; init; }

    /// <summary>Whether our side wrote it.</summary>
    public bool? FromMe { get; init; }

    /// <summary>When the provider says it happened, UTC.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>When a message was changed, where <see cref="Timestamp"/> says when it was written: which of two changes is the later one. Never shown.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Who wrote it; the phone id before the hidden one where both are known.</summary>
    public string? SenderId { get; init; }

    /// <summary>The sender's phone number, digits only.</summary>
    public string? SenderPn { get; init; }

    /// <summary>The sender's hidden id (WhatsApp LID), with its suffix.</summary>
    public string? SenderLid { get; init; }

    /// <summary>The sender's own name for themselves; null when the provider made one up.</summary>
    public string? SenderName { get; init; }

    /// <summary>Text, caption, or the label of what was chosen.</summary>
    public string? Text { get; init; }

    /// <summary>The attached file, by reference.</summary>
    public MediaReference? Media { get; init; }

    /// <summary>Provider id of the message this one answers.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>Provider id of the message this one changes or reacts to.</summary>
    public string? TargetMessageId { get; init; }

    /// <summary>The reaction; empty when removed.</summary>
    public string? Emoji { get; init; }

    /// <summary>A reaction was taken back.</summary>
    public bool? Removed { get; init; }

    /// <summary>A shared place.</summary>
    public GeoLocation? Location { get; init; }

    /// <summary>Shared contact cards.</summary>
    public ImmutableArray<ContactCard> Contacts { get; init; } = [];

    /// <summary>A poll's choices, or the chosen ones of a vote.</summary>
    public ImmutableArray<string> Options { get; init; } = [];

    /// <summary>The id behind a chosen button, row or form.</summary>
    public string? Payload { get; init; }

    /// <summary>The ad or link that led here.</summary>
    public AdReferral? Referral { get; init; }

    /// <summary>The sender asked that it be seen once.</summary>
    public bool? ViewOnce { get; init; }

    /// <summary>Presence or connection state in the provider's word.</summary>
    public string? State { get; init; }

    /// <summary>Why it is ignored, unsupported, closed or failed.</summary>
    public string? Reason { get; init; }

    /// <summary>The provider's code for <see cref="Reason"/>.</summary>
    public int? ReasonCode { get; init; }

    /// <summary>The account must be paired anew.</summary>
    public bool? NeedsPairing { get; init; }

    /// <summary>The pairing code's raw text, to be drawn as QR.</summary>
    public string? QrRaw { get; init; }

    /// <summary>The pairing code as a data URL, where the provider drew it. Shown by <c>preview</c> as its prefix only.</summary>
    public string? QrImage { get; init; }

    /// <summary>The eight characters to type on the phone instead of scanning.</summary>
    public string? PairingCode { get; init; }

    /// <summary>Tells changes of one message apart (edit time, status), so that each is recorded once. Empty for the message itself.</summary>
    public string Revision { get; init; } = "";

    /// <summary>A deletion of which the provider knew only that something about the message changed, and which may be an edit: it is counted, and changes nothing. Whatever it was is told besides.</summary>
    public bool MayBeAnEdit { get; init; }

    /// <summary>Facts of one kind only, shown flat beside the others (<c>own_jid, round, mentions_me, call_id</c>…). Values are text, numbers, booleans, or dictionaries of these.</summary>
    public ImmutableDictionary<string, object?> Details { get; init; } = ImmutableDictionary<string, object?>.Empty;
}

/// <summary>A file somebody sent, by reference. Only one that came inside the webhook travels with it, as far as the media store.</summary>
/// <param name="Mime">Media type with its parameters.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Seconds">Length of audio or video.</param>
/// <param name="Sha256Base64">The provider's own checksum.</param>
/// <param name="FileName">As the sender named it.</param>
/// <param name="Caption">The text under it (also the event's text).</param>
/// <param name="Url">Where it can be fetched; without further keys, unless <see cref="Auth"/> names one.</param>
/// <param name="InlineBase64">The webhook itself carries the file.</param>
/// <param name="Bytes">Decoded size of the inline file.</param>
/// <param name="InlineData">The inline file's base64 text, on its way to the media store; never shown, logged or recorded.</param>
public sealed record MediaReference(
    string? Mime = null, long? Size = null, double? Seconds = null, string? Sha256Base64 = null, string? FileName = null,
    string? Caption = null, string? Url = null, bool? InlineBase64 = null, long? Bytes = null, string? InlineData = null)
{
    /// <summary>The provider's own id, by which it can be fetched.</summary>
    public string? Id { get; init; }

    /// <summary>The message's id at the provider, where the file is asked for by that; null for a file that is here. Never shown.</summary>
    public string? MessageKey { get; init; }

    /// <summary>The header in which the provider wants the account's key when <see cref="Url"/> is fetched.</summary>
    public string? Auth { get; init; }

    /// <summary>Of a picture or film, in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Likewise.</summary>
    public int? Height { get; init; }
}

/// <summary>A place on earth, in degrees (WGS 84).</summary>
public sealed record GeoLocation(double Latitude, double Longitude, string? Name = null, string? Address = null);

/// <summary>A shared contact; the phone in digits.</summary>
public sealed record ContactCard(string? Name, string? Phone = null)
{
    /// <summary>The provider's own id of the person, where the provider told it of people who were picked from a list and have no card.</summary>
    public string? UserId { get; init; }
}

/// <summary>The advertisement a conversation came from.</summary>
public sealed record AdReferral(string? SourceType, string? SourceId, string? SourceUrl = null, string? ClickId = null, string? Title = null);
