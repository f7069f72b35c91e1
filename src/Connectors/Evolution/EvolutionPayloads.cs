using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Which shape of bodies a gateway takes.</summary>
internal enum EvolutionDialect
{
    /// <summary>2.0 and later.</summary>
    Two = 0,

    /// <summary>1.8: options and text in objects of their own, webhooks flat and without headers.</summary>
    One,
}

/// <summary>Writes the bodies of our calls, in both dialects.</summary>
internal static class EvolutionPayloads
{
    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// What we subscribe to. Never an empty list: to the gateway that means all 31 events. Contacts and presence are left out: each inbound
    /// message would bring one more webhook, and the sender's name stands in the message itself.
    /// </summary>
    private static readonly string[] _events =
    [
        "QRCODE_UPDATED", "MESSAGES_SET", "MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE", "CALL",
    ];

    private static readonly string[] _eventsSinceTwo = [.. _events, "MESSAGES_EDITED", "REMOVE_INSTANCE", "LOGOUT_INSTANCE"];
    private static readonly string[] _eventsSinceTwoThree = [.. _eventsSinceTwo, "SEND_MESSAGE_UPDATE", "STATUS_INSTANCE"];

    /// <summary>The bodies for <c>webhook/set</c>, newest first: a gateway refuses a shape, or a single event name, that it does not know.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> SetWebhook(Connection connection)
    {
        yield return Write(writer => WriteWebhook(writer, connection, _eventsSinceTwoThree));
        yield return Write(writer => WriteWebhook(writer, connection, _eventsSinceTwo));
        yield return Write(writer => WriteOldWebhook(writer, connection));
    }

    public static ReadOnlyMemory<byte> Create(EvolutionSettings settings, Connection connection, string? number, bool withWebhook) => Write(writer =>
    {
        writer.WriteString("instanceName", settings.Instance);
        writer.WriteString("integration", "WHATSAPP-BAILEYS");
        writer.WriteBoolean("qrcode", true);
        if (number is not null)
        {
            // Also gives a code to type.
            writer.WriteString("number", number);
        }

        if (withWebhook)
        {
            WriteWebhook(writer, connection, _eventsSinceTwoThree);
        }
    });

    public static ReadOnlyMemory<byte> FindMessages(string? chat, int page, int pageSize) => Write(writer =>
    {
        writer.WriteStartObject("where");
        if (chat is not null)
        {
            writer.WriteStartObject("key");
            writer.WriteString("remoteJid", chat);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteNumber("page", page);

        // To this call "offset" is the size of a page.
        writer.WriteNumber("offset", pageSize);
    });

    /// <summary>The body that asks for a message's file, as it is.</summary>
    public static ReadOnlyMemory<byte> FileOf(string message) => Write(writer =>
    {
        writer.WriteStartObject("message");
        writer.WriteStartObject("key");
        writer.WriteString("id", message);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteBoolean("convertToMp4", false);
    });

    public static ReadOnlyMemory<byte> SendPresence(string chat, TimeSpan duration) => Write(writer =>
    {
        writer.WriteString("number", NumberOf(chat));
        writer.WriteString("presence", "composing");
        writer.WriteNumber("delay", (long)duration.TotalMilliseconds);
    });

    /// <summary>A person by the bare digits, everything else (hidden ids, groups) by the whole address: the gateway would take those for phone numbers.</summary>
    private static string NumberOf(string chat) => WhatsAppJid.Parse(chat) is { Phone: { } phone } ? phone : chat;

    /// <summary>1.8 knows no headers: the secret goes into the path.</summary>
    private static void WriteOldWebhook(Utf8JsonWriter writer, Connection connection)
    {
        writer.WriteBoolean("enabled", true);
        writer.WriteString("url", $"{connection.WebhookUrl.AbsoluteUri.TrimEnd('/')}/{Uri.EscapeDataString(connection.WebhookSecret)}");
        writer.WriteBoolean("webhook_by_events", false);
        writer.WriteBoolean("webhook_base64", false);
        WriteEvents(writer, _events);
    }

    private static void WriteWebhook(Utf8JsonWriter writer, Connection connection, string[] events)
    {
        writer.WriteStartObject("webhook");
        writer.WriteBoolean("enabled", true);
        writer.WriteString("url", connection.WebhookUrl.AbsoluteUri);
        writer.WriteStartObject("headers");
        writer.WriteString("apikey", connection.WebhookSecret);
        writer.WriteEndObject();
        writer.WriteBoolean("byEvents", false);
        writer.WriteBoolean("base64", false);
        WriteEvents(writer, events);
        writer.WriteEndObject();
    }

    private static void WriteEvents(Utf8JsonWriter writer, string[] events)
    {
        writer.WriteStartArray("events");
        foreach (var name in events)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(bytes, _writing);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
        writer.Flush();
        return bytes.WrittenMemory;
    }
}
