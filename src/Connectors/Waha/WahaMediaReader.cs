using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads files by reference: WAHA has downloaded and decrypted them before it posts, or says that it could not.</summary>
internal static class WahaMediaReader
{
    /// <summary>The header in which the server wants its key for its own files.</summary>
    private const string KeyHeader = "X-Api-Key";

    public static bool IsFile(string kind) => kind is
        EventKinds.MessageImage or EventKinds.MessageVideo or EventKinds.MessageAudio or EventKinds.MessageVoice or EventKinds.MessageDocument or EventKinds.MessageSticker;

    /// <summary>The kind by the file's type, where nothing else tells it. WhatsApp's stickers are WebP, its voice notes Ogg; its pictures and songs are neither.</summary>
    public static string KindOf(JsonElement payload)
    {
        var mime = payload.Member("media").Filled("mimetype") ?? "";
        return mime.StartsWith("image/webp", StringComparison.OrdinalIgnoreCase) ? EventKinds.MessageSticker
            : mime.StartsWith("image/", StringComparison.OrdinalIgnoreCase) ? EventKinds.MessageImage
            : mime.StartsWith("video/", StringComparison.OrdinalIgnoreCase) ? EventKinds.MessageVideo
            : mime.StartsWith("audio/ogg", StringComparison.OrdinalIgnoreCase) ? EventKinds.MessageVoice
            : mime.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) ? EventKinds.MessageAudio
            : EventKinds.MessageDocument;
    }

    /// <summary>Puts WAHA's word on the file over what the message itself says of it.</summary>
    public static ChannelEvent Apply(ChannelEvent message, JsonElement payload, JsonElement data)
    {
        var (own, said) = (payload.Member("media"), message.Media ?? new MediaReference());
        var url = own.Filled("url") ?? Decrypted(payload.Filled("mediaUrl"));
        var read = message with
        {
            Media = said with
            {
                Mime = own.Filled("mimetype") ?? said.Mime ?? data.Filled("mimetype"),
                Size = said.Size ?? Whole(data.Number("size")),
                Seconds = said.Seconds ?? data.Number("duration"),
                FileName = own.Filled("filename") ?? said.FileName ?? data.Filled("filename"),
                Url = url,

                // In a bucket of its operator's the file needs no key of the server's.
                Auth = url is null || !own.Member("s3").IsNothing() ? null : KeyHeader,
            },
        };

        // Normal, and no reason to lose the words beside it: the download is the gateway's, and took too long or is switched off.
        return url is null ? read with { Details = read.Details.SetItem("media_missing", own.Member("error").IsNothing() ? "not downloaded" : "download failed") } : read;
    }

    // WPP puts the address at WhatsApp here, of bytes that only the phone's keys open.
    private static string? Decrypted(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Host.EndsWith(".whatsapp.net", StringComparison.OrdinalIgnoreCase) ? null : url;

    private static long? Whole(double? number) => number is >= 0 and < 1e15 ? (long)number : null;
}
