using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Writes the bodies of our calls.</summary>
internal static class WahaPayloads
{
    /// <summary>The header that shows our secret to builds that sign nothing.</summary>
    public const string SecretHeader = "X-Webhook-Secret";

    private const string AccountLabel = "channels.account_id";

    // 5, 10, 15 … seconds: a quarter of an hour in all.
    private const int RetryDelaySeconds = 5;
    private const int RetryAttempts = 18;

    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// What we subscribe to. <c>message.any</c> instead of <c>message</c>: both together would bring every message twice. Presence, groups and labels are
    /// left out: much traffic, and nothing that is answered.
    /// </summary>
    private static readonly string[] _events =
    [
        "message.any", "message.reaction", "message.edited", "message.revoked", "message.ack", "message.ack.group", "poll.vote", "poll.vote.failed",
        "session.status", "call.received", "call.accepted", "call.rejected",
    ];

    private static readonly string[] _eventsOf2024 = [.. _events.Except(["message.edited", "message.ack.group"])];

    /// <summary>Which events to ask for, newest list first: a server may refuse a name that it does not know.</summary>
    public static IReadOnlyList<string[]> EventLists { get; } = [_events, _eventsOf2024];

    /// <summary>A person as the server spells it; hidden ids, groups and the rest as they are.</summary>
    public static string ChatOf(string chat) => WhatsAppJid.Parse(chat) is { Phone: { } phone } ? $"{phone}@c.us" : chat;

    public static ReadOnlyMemory<byte> SendText(WahaSettings settings, OutboundMessage message, string? id) => Write(writer =>
    {
        WriteTarget(writer, settings, message.ChatId);
        WriteBesides(writer, message, id);
        writer.WriteString("text", message.Text);
    });

    /// <summary>The body of <c>sendSeen</c> (of all that is unread there), <c>startTyping</c> and <c>stopTyping</c>.</summary>
    public static ReadOnlyMemory<byte> Chat(WahaSettings settings, string chat) => Write(writer => WriteTarget(writer, settings, chat));

    public static ReadOnlyMemory<byte> RequestCode(string number) => Write(writer => writer.WriteString("phoneNumber", number));

    public static ReadOnlyMemory<byte> Create(WahaSettings settings, Connection connection, string[] events) => Write(writer =>
    {
        writer.WriteString("name", settings.Session);
        writer.WriteBoolean("start", true);
        writer.WriteStartObject("config");
        WriteMetadata(writer, default, connection);

        // Without its store NOWEB knows no message of the past, and no send could be looked up. Only before the pairing can it be switched on.
        writer.WriteStartObject("noweb");
        writer.WriteStartObject("store");
        writer.WriteBoolean("enabled", true);
        writer.WriteBoolean("fullSync", settings.WantsWholeHistory);
        writer.WriteEndObject();
        writer.WriteEndObject();
        WriteWebhooks(writer, default, connection, events);
        writer.WriteEndObject();
    });

    /// <summary>The whole configuration of a session that exists, with our webhook in it: the server forgets what is not sent along.</summary>
    public static ReadOnlyMemory<byte> Update(JsonElement config, Connection connection, string[] events) => Write(writer =>
    {
        writer.WriteStartObject("config");
        foreach (var member in config.IsObject() ? config.EnumerateObject() : default)
        {
            if (member.Name is not ("webhooks" or "metadata"))
            {
                member.WriteTo(writer);
            }
        }

        WriteMetadata(writer, config.Member("metadata"), connection);
        WriteWebhooks(writer, config.Member("webhooks"), connection, events);
        writer.WriteEndObject();
    });

    /// <summary>Whether the session posts to us already, as we would set it up.</summary>
    public static bool IsPointedAtUs(JsonElement config, Connection connection)
    {
        var ours = config.Member("webhooks") is { ValueKind: JsonValueKind.Array } webhooks ? webhooks.EnumerateArray().Where(one => IsOurs(one, connection)).ToArray() : [];
        return ours is [var only] && only.Text("url") == connection.WebhookUrl.AbsoluteUri
               && Array.Exists([.. EventLists], events => HasEvents(only, events))
               && only.Member("hmac").Text("key") == connection.WebhookSecret
               && only.Member("retries").Number("attempts") == RetryAttempts
               && only.Member("customHeaders") is { ValueKind: JsonValueKind.Array } headers
               && headers.EnumerateArray().Any(header => header.Text("name") == SecretHeader && header.Text("value") == connection.WebhookSecret);
    }

    private static bool HasEvents(JsonElement webhook, string[] events) =>
        webhook.Member("events") is { ValueKind: JsonValueKind.Array } given && given.EnumerateArray().Select(one => one.AsText()).ToHashSet().SetEquals(events);

    /// <summary>A webhook of this channel, perhaps one that somebody set up by hand with a secret behind the address.</summary>
    private static bool IsOurs(JsonElement webhook, Connection connection) =>
        webhook.Text("url") is { } url
        && (url == connection.WebhookUrl.AbsoluteUri || url.StartsWith($"{connection.WebhookUrl.AbsoluteUri.TrimEnd('/')}/", StringComparison.Ordinal));

    /// <summary>By which session, to whom.</summary>
    public static void WriteTarget(Utf8JsonWriter writer, WahaSettings settings, string chat)
    {
        writer.WriteString("session", settings.Session);
        writer.WriteString("chatId", ChatOf(chat));
    }

    /// <summary>The id we choose, and what is answered.</summary>
    public static void WriteBesides(Utf8JsonWriter writer, OutboundMessage message, string? id)
    {
        if (id is not null)
        {
            writer.WriteString("id", id);
        }

        if (message.ReplyTo is { } answered)
        {
            writer.WriteString("reply_to", WahaMessageId.Full(fromMe: false, ChatOf(message.ChatId), answered));
        }
    }

    private static void WriteMetadata(Utf8JsonWriter writer, JsonElement kept, Connection connection)
    {
        writer.WriteStartObject("metadata");
        foreach (var member in kept.IsObject() ? kept.EnumerateObject() : default)
        {
            if (member.Name != AccountLabel)
            {
                member.WriteTo(writer);
            }
        }

        writer.WriteString(AccountLabel, connection.Account.ToString());
        writer.WriteEndObject();
    }

    private static void WriteWebhooks(Utf8JsonWriter writer, JsonElement kept, Connection connection, string[] events)
    {
        writer.WriteStartArray("webhooks");
        if (kept.IsArray())
        {
            foreach (var foreign in kept.EnumerateArray().Where(one => !IsOurs(one, connection)))
            {
                foreign.WriteTo(writer);
            }
        }

        writer.WriteStartObject();
        writer.WriteString("url", connection.WebhookUrl.AbsoluteUri);
        writer.WriteStartArray("events");
        foreach (var name in events)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("hmac");
        writer.WriteString("key", connection.WebhookSecret);
        writer.WriteEndObject();
        writer.WriteStartObject("retries");
        writer.WriteString("policy", "linear");
        writer.WriteNumber("delaySeconds", RetryDelaySeconds);
        writer.WriteNumber("attempts", RetryAttempts);
        writer.WriteEndObject();
        writer.WriteStartArray("customHeaders");
        writer.WriteStartObject();
        writer.WriteString("name", SecretHeader);
        writer.WriteString("value", connection.WebhookSecret);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    /// <summary>One object as bytes.</summary>
    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
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
