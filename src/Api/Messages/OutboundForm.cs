using System.Text.Json;
using Channels.Api.Conversations;
using Channels.Api.Requests;

namespace Channels.Api.Messages;

/// <summary>Something to be said: a text, or a file, a place, cards, a reaction, a template or a choice with or without one.</summary>
[NeedsOneOf("text", "type")]
internal record OutboundForm
{
    /// <summary><c>text, image, video, audio, voice, document, sticker, location, contacts, reaction, template</c> or <c>interactive</c>; text when left out.</summary>
    public string? Type { get; init; }

    /// <summary>What to say: the text, a file's caption, what stands above a choice; none beside a location, contacts or a reaction. At most what the channel kind allows.</summary>
    public string? Text { get; init; }

    /// <summary>The message it answers: its id here, or the provider's.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The file of <c>image</c> to <c>sticker</c>.</summary>
    public OutboundMediaForm? Media { get; init; }

    /// <summary>The place.</summary>
    public OutboundLocationForm? Location { get; init; }

    /// <summary>The cards.</summary>
    public IReadOnlyList<OutboundCardForm>? Contacts { get; init; }

    /// <summary>The reaction.</summary>
    public OutboundReactionForm? Reaction { get; init; }

    /// <summary>The template.</summary>
    public OutboundTemplateForm? Template { get; init; }

    /// <summary>The choice.</summary>
    public OutboundInteractiveForm? Interactive { get; init; }
}

/// <summary>A message of an account to somebody; exactly one of <c>to</c> and <c>conversation_id</c> says to whom.</summary>
[NeedsOneOf("to", "conversation_id", AndNoMore = true)]
internal sealed record AccountMessageForm : OutboundForm
{
    /// <summary>The address as people write it (a phone number with its country code), or the provider's own id of the chat.</summary>
    public string? To { get; init; }

    /// <summary>A conversation of this account.</summary>
    public Guid? ConversationId { get; init; }

    /// <summary>Who says it, for the transcript: <c>person</c>, as when it is left out, or <c>program</c>.</summary>
    public string? Author { get; init; }
}

/// <summary>A file; exactly one of <c>url</c> and <c>media_id</c>.</summary>
/// <param name="Url">Where the provider fetches it: http or https, leading to a public address.</param>
/// <param name="MediaId">As <c>POST /api/v1/media</c> or a message here gave it.</param>
/// <param name="Mime">Media type, where known.</param>
/// <param name="Filename">The name the recipient sees.</param>
[RefusedWithout]
[NeedsOneOf("url", "media_id", AndNoMore = true)]
internal sealed record OutboundMediaForm(string? Url, string? MediaId, string? Mime, string? Filename);

/// <summary>A place, in degrees (WGS 84).</summary>
[RefusedWithout("latitude", "longitude")]
internal sealed record OutboundLocationForm(double? Latitude, double? Longitude, string? Name, string? Address);

/// <summary>A contact to pass on; the phone with its country code.</summary>
[RefusedWithout("name", "phone")]
internal sealed record OutboundCardForm(string? Name, string? Phone);

/// <summary>A reaction; an empty emoji takes it back.</summary>
/// <param name="MessageId">The message reacted to: its id here, or the provider's.</param>
/// <param name="Emoji">One emoji.</param>
[RefusedWithout("message_id", "emoji")]
internal sealed record OutboundReactionForm(string? MessageId, string? Emoji);

/// <summary>A template the provider approved.</summary>
/// <param name="Name">Its name at the provider.</param>
/// <param name="Language">Its language code.</param>
/// <param name="Components">The values for its places: the provider's own array.</param>
[RefusedWithout("name", "language")]
internal sealed record OutboundTemplateForm(string? Name, string? Language, JsonElement? Components);

/// <summary>A choice under the text: either <c>buttons</c>, or <c>sections</c> behind one <c>button</c>.</summary>
[RefusedWithout]
[NeedsOneOf("buttons", "sections button")]
internal sealed record OutboundInteractiveForm(
    string? Header, string? Footer, IReadOnlyList<OutboundButtonForm>? Buttons, string? Button, IReadOnlyList<OutboundSectionForm>? Sections);

/// <summary>A button: what comes back when it is pressed, and what it says.</summary>
[RefusedWithout("id", "title")]
internal sealed record OutboundButtonForm(string? Id, string? Title);

/// <summary>A part of a list.</summary>
[RefusedWithout("rows")]
internal sealed record OutboundSectionForm(string? Title, IReadOnlyList<OutboundRowForm>? Rows);

/// <summary>A row of a list: what comes back when it is chosen, and what it says.</summary>
[RefusedWithout("id", "title")]
internal sealed record OutboundRowForm(string? Id, string? Title, string? Description);

/// <summary>The message is committed and waits to be sent.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ConversationId">Where it is said.</param>
/// <param name="ChannelId">Through which account.</param>
/// <param name="Status"><c>queued</c>; further than that when the same request came before.</param>
/// <param name="QueuePosition">1 for the account's next; 1000 for that and everything behind; null when it waits no more.</param>
/// <param name="CreatedAt">When it was first asked for.</param>
internal sealed record SentAnswer(Guid Id, Guid ConversationId, Guid ChannelId, string Status, int? QueuePosition, DateTimeOffset CreatedAt);

/// <summary>A message, wherever it stands.</summary>
/// <param name="ConversationId">Its conversation.</param>
/// <param name="ChannelId">Its account.</param>
/// <param name="Message">The message.</param>
/// <param name="Queue">Set while it waits to be sent.</param>
internal sealed record PlacedMessageAnswer(Guid ConversationId, Guid ChannelId, MessageAnswer Message, QueueAnswer? Queue);

/// <summary>A page of messages of ours, newest first.</summary>
internal sealed record PlacedMessageList(IReadOnlyList<PlacedMessageAnswer> Messages, long Total, int Page, int Limit);

/// <summary>Where a message stands that waits to be sent.</summary>
/// <param name="Position">1 for the account's next; 1000 for that and everything behind.</param>
/// <param name="Attempts">Attempts made.</param>
/// <param name="NextAttemptAt">Not sent before.</param>
/// <param name="LastError">How the last attempt ended.</param>
/// <param name="Hold">What holds up all messages of the account, since when, and what to do; null when nothing does.</param>
internal sealed record QueueAnswer(int Position, int Attempts, DateTimeOffset NextAttemptAt, string? LastError, Hold? Hold);
