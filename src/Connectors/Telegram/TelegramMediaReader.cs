using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Finds a message's file. It stays at Telegram: what we keep is the id it can be fetched by.</summary>
internal static class TelegramMediaReader
{
    private const int MostPaid = 100;

    // In the order in which they count: an animation repeats itself as "document", a live photo as "photo".
    private static readonly (string Member, string Kind)[] _files =
    [
        ("animation", EventKinds.MessageVideo), ("document", EventKinds.MessageDocument), ("video", EventKinds.MessageVideo), ("video_note", EventKinds.MessageVideo),
        ("voice", EventKinds.MessageVoice), ("audio", EventKinds.MessageAudio), ("sticker", EventKinds.MessageSticker), ("live_photo", EventKinds.MessageVideo),
    ];

    /// <summary>The kind of message the file makes, and the file; null without one.</summary>
    public static (string Kind, MediaReference File)? Read(JsonElement message)
    {
        if (Read(message, message) is { } own)
        {
            return own;
        }

        // Of what is paid for the bot gets the files, or a preview without any. Several make one message: the first stands for them.
        var paid = message.Member("paid_media").Member("paid_media");
        return paid.IsArray() ? paid.EnumerateArray().Take(MostPaid).Select(item => Read(item, message)).FirstOrDefault(file => file is not null) : null;
    }

    private static (string Kind, MediaReference File)? Read(JsonElement holder, JsonElement message)
    {
        if (Largest(holder.Member("photo")) is { } photo)
        {
            // Telegram makes every photo a JPEG and does not say so.
            return (EventKinds.MessageImage, Reference(photo, message) with { Mime = "image/jpeg" });
        }

        foreach (var (member, kind) in _files)
        {
            if (holder.Member(member) is { ValueKind: JsonValueKind.Object } file && file.Id("file_id") is not null)
            {
                return (kind, member == "sticker" ? Reference(file, message) with { Mime = StickerType(file) } : Reference(file, message));
            }
        }

        return null;
    }

    private static MediaReference Reference(JsonElement file, JsonElement message) => new(
        Mime: file.Filled("mime_type"),
        Size: Whole(file, "file_size"),
        Seconds: file.Number("duration"),
        FileName: file.Filled("file_name"),
        Caption: message.Filled("caption"))
    {
        Id = file.Id("file_id"),

        // A round film says one "length" for both.
        Width = Pixels(file, "width") ?? Pixels(file, "length"),
        Height = Pixels(file, "height") ?? Pixels(file, "length"),
    };

    /// <summary>A photo comes in several sizes; the order is not promised.</summary>
    private static JsonElement? Largest(JsonElement sizes)
    {
        if (!sizes.IsArray())
        {
            return null;
        }

        JsonElement? largest = null;
        var most = -1.0;
        foreach (var size in sizes.EnumerateArray())
        {
            var area = (size.Number("width") ?? 0) * (size.Number("height") ?? 0);
            if (size.Id("file_id") is not null && area > most)
            {
                (largest, most) = (size, area);
            }
        }

        return largest;
    }

    private static string StickerType(JsonElement sticker) =>
        sticker.Flag("is_video") == true ? "video/webm" : sticker.Flag("is_animated") == true ? "application/x-tgsticker" : "image/webp";

    private static long? Whole(JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var whole) && whole >= 0 ? whole : null;

    private static int? Pixels(JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var pixels) && pixels >= 0 ? pixels : null;
}
