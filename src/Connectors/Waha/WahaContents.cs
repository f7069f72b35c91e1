using System.Text.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>One call that sends something.</summary>
/// <param name="Method">POST for a new message, PUT for a reaction.</param>
/// <param name="Path">Behind <c>/api/</c>.</param>
/// <param name="Body">Its body.</param>
internal sealed record WahaSend(HttpMethod Method, string Path, ReadOnlyMemory<byte> Body);

/// <summary>Writes what a message is besides its text: files, places, cards, reactions.</summary>
internal static class WahaContents
{
    /// <summary>The call; or null and why there is none.</summary>
    /// <param name="settings">Whose.</param>
    /// <param name="message">What.</param>
    /// <param name="id">The message id we choose, where the server takes one.</param>
    /// <param name="file">The bytes of a stored file; empty for one given by its address.</param>
    public static (WahaSend? Call, SendOutcome.Refused? Refusal) Of(WahaSettings settings, OutboundMessage message, string? id, ReadOnlyMemory<byte> file) => message.Content switch
    {
        null => (new(HttpMethod.Post, "sendText", WahaPayloads.SendText(settings, message, id)), null),
        var content when RefusalOf(message.Text, content) is { } refusal => (null, refusal.ToOutcome()),
        OutboundContent.File content => (File(settings, message, content, file), null),
        OutboundContent.Place place => (Post("sendLocation", settings, message, id, writer => WritePlace(writer, place)), null),
        OutboundContent.Cards cards => (Post("sendContactVcard", settings, message, id, writer => WriteCards(writer, cards)), null),
        OutboundContent.Reaction { TargetFromMe: false, TargetSender: null } when WhatsAppJid.Parse(message.ChatId) is { IsGroup: true } =>
            Refused("unknown-target", "who wrote the message to react to is not known here; in a group WhatsApp wants it said"),
        OutboundContent.Reaction reaction => (React(settings, message, reaction), null),
        _ => Refused("not-supported", "this kind of channel sends texts, files, places, cards and reactions only"),
    };

    /// <inheritdoc cref="IContentRules.RefusalOf"/>
    public static ContentRefusal? RefusalOf(string text, OutboundContent? content) => content switch
    {
        OutboundContent.File { Form: FileForm.Sticker } => new("type", "not-supported", "WAHA sends no stickers"),
        OutboundContent.File { Form: FileForm.Voice } when text.Length > 0 => new("text", "no-caption", "a voice note has no text beside it"),
        _ => null,
    };

    private static (WahaSend? Call, SendOutcome.Refused? Refusal) Refused(string code, string reason) => (null, new SendOutcome.Refused(code, reason));

    private static WahaSend Post(string path, WahaSettings settings, OutboundMessage message, string? id, Action<Utf8JsonWriter> content) => new(
        HttpMethod.Post,
        path,
        WahaPayloads.Write(writer =>
        {
            WahaPayloads.WriteTarget(writer, settings, message.ChatId);
            WahaPayloads.WriteBesides(writer, message, id);
            content(writer);
        }));

    /// <remarks>Sound that is no voice note goes as a file: the server has no other way to send it. Its calls for files take no id of ours.</remarks>
    private static WahaSend File(WahaSettings settings, OutboundMessage message, OutboundContent.File content, ReadOnlyMemory<byte> file)
    {
        var type = content.Mime ?? WhatsAppFileName.TypeOf(content);
        var (path, usual) = content.Form switch
        {
            FileForm.Image => ("sendImage", "image/jpeg"),
            FileForm.Video => ("sendVideo", "video/mp4"),
            FileForm.Voice => ("sendVoice", "audio/ogg; codecs=opus"),
            FileForm.Audio => ("sendFile", "audio/mpeg"),
            _ => ("sendFile", "application/octet-stream"),
        };
        return Post(path, settings, message, id: null, writer =>
        {
            writer.WriteStartObject("file");
            writer.WriteString("mimetype", type ?? usual);
            writer.WriteString("filename", WhatsAppFileName.Always(content with { Mime = type ?? usual }));
            if (content.Reference is not null)
            {
                writer.WriteBase64String("data", file.Span);
            }
            else
            {
                writer.WriteString("url", content.Url);
            }

            writer.WriteEndObject();
            if (message.Text.Length > 0)
            {
                writer.WriteString("caption", message.Text);
            }

            if (content.Form is FileForm.Voice or FileForm.Video)
            {
                // WhatsApp plays only what it knows; the server has what it takes to make it so.
                writer.WriteBoolean("convert", true);
            }
        });
    }

    private static void WritePlace(Utf8JsonWriter writer, OutboundContent.Place place)
    {
        writer.WriteNumber("latitude", place.Latitude);
        writer.WriteNumber("longitude", place.Longitude);

        // There is one line for both.
        writer.WriteString("title", string.Join(", ", new[] { place.Name, place.Address }.Where(words => !string.IsNullOrEmpty(words))));
    }

    private static void WriteCards(Utf8JsonWriter writer, OutboundContent.Cards cards)
    {
        writer.WriteStartArray("contacts");
        foreach (var card in cards.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("fullName", card.Name);
            writer.WriteString("phoneNumber", $"+{card.Phone}");
            writer.WriteString("whatsappId", card.Phone);
            writer.WriteNull("vcard");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static WahaSend React(WahaSettings settings, OutboundMessage message, OutboundContent.Reaction reaction) => new(
        HttpMethod.Put,
        "reaction",
        WahaPayloads.Write(writer =>
        {
            writer.WriteString("session", settings.Session);
            writer.WriteString("messageId", TargetOf(message, reaction));
            writer.WriteString("reaction", reaction.Emoji);
        }));

    // In a group the id of somebody else's message ends with who wrote it: without, the server answers yes and the reaction is seen by nobody.
    private static string TargetOf(OutboundMessage message, OutboundContent.Reaction reaction)
    {
        var id = WahaMessageId.Full(reaction.TargetFromMe, WahaPayloads.ChatOf(message.ChatId), reaction.Target);
        return reaction.TargetSender is { } sender && WhatsAppJid.Parse(message.ChatId) is { IsGroup: true } ? $"{id}_{WahaPayloads.ChatOf(sender)}" : id;
    }
}
