using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Writes the body of a send and says which call takes it: in the older dialect everything but the number stands in an object of its own.</summary>
/// <param name="Path">The call.</param>
/// <param name="Wrapper">The older dialect's object, without which a gateway of that age refuses.</param>
/// <param name="Needed">What a newer gateway asks for first when it is not there.</param>
/// <param name="WriteMembers">The members that are the same in both.</param>
internal sealed record EvolutionSending(string Path, string Wrapper, string Needed, Action<Utf8JsonWriter, EvolutionDialect> WriteMembers)
{
    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a message is to this gateway; null for what it cannot send.</summary>
    /// <param name="message">The message.</param>
    /// <param name="file">The bytes of its stored file, where it has one.</param>
    public static EvolutionSending? Of(OutboundMessage message, ReadOnlyMemory<byte> file) => message.Content switch
    {
        null => new("message/sendText", "textMessage", "text", (writer, _) => writer.WriteString("text", message.Text)),
        OutboundContent.File { Form: FileForm.Voice } voice => new("message/sendWhatsAppAudio", "audioMessage", "audio", (writer, _) => WriteFile(writer, "audio", voice, file)),
        OutboundContent.File { Form: FileForm.Sticker } sticker =>
            new("message/sendSticker", "stickerMessage", "sticker", (writer, dialect) => WriteFile(writer, dialect == EvolutionDialect.One ? "image" : "sticker", sticker, file)),
        OutboundContent.File media => new("message/sendMedia", "mediaMessage", "mediatype", (writer, _) => WriteMedia(writer, message, media, file)),
        OutboundContent.Place place => new("message/sendLocation", "locationMessage", "latitude", (writer, _) => WritePlace(writer, place)),
        OutboundContent.Cards cards => new("message/sendContact", "contactMessage", "contact", (writer, _) => WriteCards(writer, cards)),
        OutboundContent.Reaction reaction => new("message/sendReaction", "reactionMessage", "key", (writer, _) => WriteReaction(writer, message, reaction)),
        _ => null,
    };

    /// <summary>The whole body.</summary>
    public ReadOnlyMemory<byte> Write(OutboundMessage message, EvolutionDialect dialect)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, _writing);
        writer.WriteStartObject();
        if (message.Content is not OutboundContent.Reaction)
        {
            writer.WriteString("number", NumberOf(message.ChatId));
        }

        if (dialect == EvolutionDialect.Two)
        {
            if (message.Content is OutboundContent.Cards)
            {
                writer.WritePropertyName("contact");
            }

            WriteMembers(writer, dialect);
            WriteQuoted(writer, message.ReplyTo);
        }
        else
        {
            writer.WriteStartObject("options");
            WriteQuoted(writer, message.ReplyTo);
            writer.WriteEndObject();
            writer.WritePropertyName(Wrapper);
            WriteWrapped(writer, message.Content is OutboundContent.Cards);
        }

        writer.WriteEndObject();
        writer.Flush();
        return bytes.WrittenMemory;
    }

    // Cards are a list, everything else an object.
    private void WriteWrapped(Utf8JsonWriter writer, bool isList)
    {
        if (!isList)
        {
            writer.WriteStartObject();
        }

        WriteMembers(writer, EvolutionDialect.One);
        if (!isList)
        {
            writer.WriteEndObject();
        }
    }

    /// <summary>A person by the digits, everybody else by the whole address.</summary>
    private static string NumberOf(string chat) => WhatsAppJid.Parse(chat) is { Phone: { } phone } ? phone : chat;

    private static void WriteQuoted(Utf8JsonWriter writer, string? replyTo)
    {
        if (replyTo is null)
        {
            return;
        }

        writer.WriteStartObject("quoted");
        writer.WriteStartObject("key");
        writer.WriteString("id", replyTo);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteFile(Utf8JsonWriter writer, string name, OutboundContent.File file, ReadOnlyMemory<byte> bytes)
    {
        if (file.Url is { } url)
        {
            writer.WriteString(name, url);
            return;
        }

        writer.WriteBase64String(name, bytes.Span);
    }

    private static void WriteMedia(Utf8JsonWriter writer, OutboundMessage message, OutboundContent.File file, ReadOnlyMemory<byte> bytes)
    {
        writer.WriteString("mediatype", file.Form.ToString().ToLowerInvariant());
        WriteFile(writer, "media", file, bytes);
        WriteFilled(writer, "caption", message.Text);
        WriteFilled(writer, "mimetype", file.Mime);
        WriteFilled(writer, "fileName", WhatsAppFileName.Of(file));
    }

    // The gateway's schema wants both words filled.
    private static void WritePlace(Utf8JsonWriter writer, OutboundContent.Place place)
    {
        var name = place.Name ?? place.Address ?? string.Create(CultureInfo.InvariantCulture, $"{place.Latitude}, {place.Longitude}");
        writer.WriteNumber("latitude", place.Latitude);
        writer.WriteNumber("longitude", place.Longitude);
        writer.WriteString("name", name);
        writer.WriteString("address", place.Address ?? name);
    }

    private static void WriteCards(Utf8JsonWriter writer, OutboundContent.Cards cards)
    {
        writer.WriteStartArray();
        foreach (var card in cards.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("fullName", card.Name);
            writer.WriteString("wuid", card.Phone);
            writer.WriteString("phoneNumber", $"+{card.Phone}");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteReaction(Utf8JsonWriter writer, OutboundMessage message, OutboundContent.Reaction reaction)
    {
        writer.WriteStartObject("key");
        writer.WriteString("remoteJid", message.ChatId);
        writer.WriteBoolean("fromMe", reaction.TargetFromMe);
        writer.WriteString("id", reaction.Target);
        if (IsGroup(message))
        {
            WriteFilled(writer, "participant", reaction.TargetSender);
        }

        writer.WriteEndObject();
        writer.WriteString("reaction", reaction.Emoji);
    }

    /// <summary>Whether it reacts, in a group, to a message of which nobody knows who wrote it: WhatsApp would take it and show it to nobody.</summary>
    public static bool LacksSender(OutboundMessage message) => message.Content is OutboundContent.Reaction { TargetFromMe: false, TargetSender: null } && IsGroup(message);

    private static bool IsGroup(OutboundMessage message) => WhatsAppJid.Parse(message.ChatId) is { IsGroup: true };

    private static void WriteFilled(Utf8JsonWriter writer, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            writer.WriteString(name, value);
        }
    }
}
