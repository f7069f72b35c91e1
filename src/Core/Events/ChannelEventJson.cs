using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Channels.Core.Events;

/// <summary>Writes an event in the vocabulary's words, as <c>preview</c> returns it: snake_case, UTC times, only the fields that apply.</summary>
/// <remarks>The QR picture is shown by its prefix only, and files by reference, so that what is written may be shown and stored.</remarks>
public static class ChannelEventJson
{
    /// <summary>Writes the event as one JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, ChannelEvent happened)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", happened.Kind);
        writer.WriteString("action", ActionWord(happened.Action));
        Optional(writer, "account", happened.Account);
        Optional(writer, "chat_id", happened.ChatId);
        Optional(writer, "chat_type", happened.ChatType);
        Optional(writer, "message_id", happened.MessageId);
        Optional(writer, "from_me", happened.FromMe);
        Optional(writer, "timestamp", happened.Timestamp is { } moment ? TimeText(moment) : null);
        WriteSender(writer, happened);
        WriteContent(writer, happened);
        WriteConnection(writer, happened);
        WriteDetails(writer, happened.Details);
        writer.WriteEndObject();
    }

    /// <summary><c>store_only</c> for <see cref="EventAction.StoreOnly"/>.</summary>
    public static string ActionWord(EventAction action) => JsonNamingPolicy.SnakeCaseLower.ConvertName(action.ToString());

    /// <summary>ISO 8601 in UTC, in seconds unless there is a fraction.</summary>
    public static string TimeText(DateTimeOffset moment) => moment.UtcDateTime.ToString(
        (moment.Ticks % TimeSpan.TicksPerSecond) switch
        {
            0 => "yyyy-MM-dd'T'HH:mm:ss'Z'",
            var fraction when fraction % TimeSpan.TicksPerMillisecond == 0 => "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            _ => "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
        },
        CultureInfo.InvariantCulture);

    private static void WriteSender(Utf8JsonWriter writer, ChannelEvent happened)
    {
        // A reader of somebody else's message may rely on these being there, known or not.
        var always = IsFromOthers(happened);
        Field(writer, "sender_id", happened.SenderId, always);
        Field(writer, "sender_pn", happened.SenderPn, always);
        Field(writer, "sender_lid", happened.SenderLid, always);
        Field(writer, "sender_name", happened.SenderName, always);
        Field(writer, "text", happened.Text, always);
    }

    private static void WriteContent(Utf8JsonWriter writer, ChannelEvent happened)
    {
        WriteMedia(writer, happened.Media);
        Optional(writer, "reply_to", happened.ReplyTo);
        Optional(writer, "target_message_id", happened.TargetMessageId);
        Optional(writer, "emoji", happened.Emoji);
        Optional(writer, "removed", happened.Removed);
        WriteLocation(writer, happened.Location);
        WriteContacts(writer, happened.Contacts);
        WriteOptions(writer, happened.Options, always: happened.Kind == EventKinds.MessagePollVote);
        WritePayload(writer, happened);
        WriteReferral(writer, happened.Referral);
        Optional(writer, "view_once", happened.ViewOnce);
        Optional(writer, "state", happened.State);
        Optional(writer, "reason", happened.Reason);
    }

    private static void WriteConnection(Utf8JsonWriter writer, ChannelEvent happened)
    {
        Optional(writer, "reason_code", happened.ReasonCode);
        Optional(writer, "needs_pairing", happened.NeedsPairing);
        Optional(writer, "qr_raw", happened.QrRaw);
        Optional(writer, "qr_image_prefix", happened.QrImage is { } image ? image[..(image.IndexOf(',', StringComparison.Ordinal) + 1)] : null);
        Field(writer, "pairing_code", happened.PairingCode, happened.Kind == EventKinds.ConnectionQr);
    }

    private static void WriteMedia(Utf8JsonWriter writer, MediaReference? media)
    {
        if (media is null)
        {
            return;
        }

        writer.WriteStartObject("media");
        Optional(writer, "id", media.Id);
        Optional(writer, "mime", media.Mime);
        Optional(writer, "size", media.Size);
        if (media.Seconds is { } seconds)
        {
            writer.WriteNumber("seconds", seconds);
        }

        Optional(writer, "width", media.Width);
        Optional(writer, "height", media.Height);
        Optional(writer, "sha256_b64", media.Sha256Base64);
        Optional(writer, "filename", media.FileName);
        Optional(writer, "caption", media.Caption);
        Optional(writer, "url", media.Url);
        Optional(writer, "auth", media.Auth);
        Optional(writer, "inline_base64", media.InlineBase64);
        Optional(writer, "bytes", media.Bytes);
        writer.WriteEndObject();
    }

    private static void WriteLocation(Utf8JsonWriter writer, GeoLocation? location)
    {
        if (location is null)
        {
            return;
        }

        writer.WriteStartObject("location");
        writer.WriteNumber("lat", location.Latitude);
        writer.WriteNumber("lon", location.Longitude);
        Optional(writer, "name", location.Name);
        Optional(writer, "address", location.Address);
        writer.WriteEndObject();
    }

    private static void WriteContacts(Utf8JsonWriter writer, ImmutableArray<ContactCard> contacts)
    {
        if (contacts.IsDefaultOrEmpty)
        {
            return;
        }

        writer.WriteStartArray("contacts");
        foreach (var contact in contacts)
        {
            writer.WriteStartObject();
            Optional(writer, "name", contact.Name);
            Optional(writer, "phone", contact.Phone);
            Optional(writer, "user_id", contact.UserId);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOptions(Utf8JsonWriter writer, ImmutableArray<string> options, bool always)
    {
        if (options.IsDefaultOrEmpty && !always)
        {
            return;
        }

        writer.WriteStartArray("options");
        foreach (var option in options.IsDefault ? [] : options)
        {
            writer.WriteStringValue(option);
        }

        writer.WriteEndArray();
    }

    /// <summary>A filled form is itself JSON; everything else is the id of what was chosen.</summary>
    private static void WritePayload(Utf8JsonWriter writer, ChannelEvent happened)
    {
        if (happened.Kind == EventKinds.MessageFormReply && happened.Payload is { } form && IsJsonObject(form))
        {
            writer.WritePropertyName("payload");
            writer.WriteRawValue(form);
            return;
        }

        Optional(writer, "payload", happened.Payload);
    }

    private static bool IsJsonObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteReferral(Utf8JsonWriter writer, AdReferral? referral)
    {
        if (referral is null)
        {
            return;
        }

        writer.WriteStartObject("referral");
        Optional(writer, "source_type", referral.SourceType);
        Optional(writer, "source_id", referral.SourceId);
        Optional(writer, "source_url", referral.SourceUrl);
        Optional(writer, "ctwa_clid", referral.ClickId);
        Optional(writer, "title", referral.Title);
        writer.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter writer, ImmutableDictionary<string, object?> details)
    {
        foreach (var (name, value) in details.OrderBy(detail => detail.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            JsonSerializer.Serialize(writer, value);
        }
    }

    private static bool IsFromOthers(ChannelEvent happened) => happened.FromMe != true
        && (happened.Kind.StartsWith("message.", StringComparison.Ordinal) || happened is { Kind: EventKinds.Ignored, MessageId: not null, SenderId: not null });

    private static void Field(Utf8JsonWriter writer, string name, string? value, bool always)
    {
        if (value is not null || always)
        {
            writer.WriteString(name, value);
        }
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value) => Field(writer, name, value, always: false);

    private static void Optional(Utf8JsonWriter writer, string name, bool? value)
    {
        if (value is { } known)
        {
            writer.WriteBoolean(name, known);
        }
    }

    private static void Optional(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } known)
        {
            writer.WriteNumber(name, known);
        }
    }
}
