using System.Runtime.InteropServices;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads images, videos, voice, audio, documents and stickers by reference.</summary>
internal static class WhatsAppMediaReader
{
    public static ChannelEvent Read(ChannelEvent message, WhatsAppContent content, JsonElement item)
    {
        var leaf = content.Value;
        var kind = KindOf(content);
        var caption = leaf.Filled("caption");
        return message with
        {
            Kind = kind,
            Text = caption ?? (kind is EventKinds.MessageVoice or EventKinds.MessageAudio ? content.Transcript : null),
            Media = Media(leaf, kind, caption, content, item) with { MessageKey = message.MessageId },
            Details = content.Leaf == "ptvMessage" ? message.Details.Add("round", true) : message.Details,
        };
    }

    private static string KindOf(WhatsAppContent content) => content.Leaf switch
    {
        "imageMessage" => EventKinds.MessageImage,
        "videoMessage" or "ptvMessage" => EventKinds.MessageVideo,
        "audioMessage" => (content.Value.Flag("ptt") ?? content.Value.Flag("PTT")) == true ? EventKinds.MessageVoice : EventKinds.MessageAudio,
        "stickerMessage" => EventKinds.MessageSticker,
        _ => EventKinds.MessageDocument,
    };

    /// <remarks>
    /// The leaf's own <c>url</c> (mmg.whatsapp.net) is the encrypted file: never offered as one. An Evolution instance of Meta's Cloud API has Meta's own
    /// object there (<c>mime_type, filename, sha256</c>); its <c>id</c> is good with Meta's token only, which the gateway keeps.
    /// </remarks>
    private static MediaReference Media(JsonElement leaf, string kind, string? caption, WhatsAppContent content, JsonElement item)
    {
        var inline = content.Inline.ValueKind == JsonValueKind.String ? content.Inline : item.Member("base64");
        var bytes = DecodedLength(inline);
        return new MediaReference(
            Mime: leaf.Filled("mimetype") ?? leaf.Filled("mime_type"),
            Size: WhatsAppValues.Integer(leaf.Member("fileLength")),
            Seconds: leaf.Number("seconds"),
            Sha256Base64: WhatsAppValues.Base64(leaf.Member("fileSha256", "fileSHA256")) ?? WhatsAppValues.Base64(leaf.Member("sha256")),
            FileName: leaf.Filled("fileName") ?? leaf.Filled("filename") ?? (kind == EventKinds.MessageDocument ? leaf.Filled("title") : null),
            Caption: caption,
            Url: content.MediaUrl ?? item.Filled("mediaUrl"),
            InlineBase64: bytes is null ? null : true,
            Bytes: bytes,
            InlineData: bytes is null ? null : inline.AsText());
    }

    /// <summary>How many bytes the base64 stands for, without decoding or copying megabytes of it.</summary>
    private static long? DecodedLength(JsonElement inline)
    {
        if (inline.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var text = JsonMarshal.GetRawUtf8Value(inline)[1..^1];
        if (text.StartsWith("data:"u8))
        {
            text = text[(text.IndexOf((byte)',') + 1)..];
        }

        // Of JSON's escapes only \/ and line breaks can stand in base64; a backslash itself is never a character of it.
        var characters = (long)text.Length - text.Count((byte)'=') - text.Count((byte)'\\') - text.Count("\\n"u8) - text.Count("\\r"u8);
        return characters > 0 ? characters * 3 / 4 : null;
    }
}
