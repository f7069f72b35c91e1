using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Writes the bodies of our calls.</summary>
internal static class TelegramPayloads
{
    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>No fields: <c>getMe, getWebhookInfo</c>.</summary>
    public static ReadOnlyMemory<byte> Nothing { get; } = "{}"u8.ToArray();

    /// <summary>
    /// What we ask to be told. Named one by one: left out, Telegram leaves out reactions and members, and keeps what an earlier program asked for. Inline queries, payments,
    /// boosts, requests to join and other members are left out: nothing here would come of them.
    /// </summary>
    public static IReadOnlyList<string> AllowedUpdates { get; } =
    [
        "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message", "edited_business_message", "deleted_business_messages",
        "guest_message", "message_reaction", "callback_query", "poll_answer", "my_chat_member",
    ];

    public static ReadOnlyMemory<byte> SetWebhook(Connection connection, bool dropsPending) => Write(writer =>
    {
        writer.WriteString("url", connection.WebhookUrl.AbsoluteUri);
        writer.WriteString("secret_token", connection.WebhookSecret);
        writer.WriteBoolean("drop_pending_updates", dropsPending);
        WriteAllowed(writer);
    });

    public static ReadOnlyMemory<byte> DeleteWebhook(bool dropsPending) => Write(writer => writer.WriteBoolean("drop_pending_updates", dropsPending));

    public static ReadOnlyMemory<byte> GetUpdates(long? offset, int limit, TimeSpan wait) => Write(writer =>
    {
        if (offset is { } from)
        {
            writer.WriteNumber("offset", from);
        }

        writer.WriteNumber("limit", limit);
        writer.WriteNumber("timeout", (int)wait.TotalSeconds);
        WriteAllowed(writer);
    });

    /// <param name="address">Where to.</param>
    /// <param name="text">What to say.</param>
    /// <param name="replyTo">The message it answers; one that is gone does not keep it from leaving.</param>
    /// <param name="parseMode">How marks in the text are to be read; null for not at all, when every character stands for itself.</param>
    public static ReadOnlyMemory<byte> SendMessage(TelegramAddress address, string text, string? replyTo, string? parseMode) => Write(writer =>
    {
        WriteAddress(writer, address);
        writer.WriteString("text", text);
        if (parseMode is not null)
        {
            writer.WriteString("parse_mode", parseMode);
        }

        // Ids of other things (a pressed button's) are no messages.
        if (int.TryParse(replyTo, NumberStyles.None, CultureInfo.InvariantCulture, out var message))
        {
            writer.WriteStartObject("reply_parameters");
            writer.WriteNumber("message_id", message);
            writer.WriteBoolean("allow_sending_without_reply", true);
            writer.WriteEndObject();
        }
    });

    /// <summary>The one answer to a guest query: an article, which is how the API wraps a text there.</summary>
    public static ReadOnlyMemory<byte> AnswerGuest(string query, string id, string text) => Write(writer =>
    {
        writer.WriteString("guest_query_id", query);
        writer.WriteStartObject("result");
        writer.WriteString("type", "article");
        writer.WriteString("id", id);
        writer.WriteString("title", "Answer");
        writer.WriteStartObject("input_message_content");
        writer.WriteString("message_text", text);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    public static ReadOnlyMemory<byte> ChatAction(TelegramAddress address) => Write(writer =>
    {
        WriteAddress(writer, address);
        writer.WriteString("action", "typing");
    });

    public static ReadOnlyMemory<byte> AnswerCallback(string query) => Write(writer => writer.WriteString("callback_query_id", query));

    /// <summary>The same as an answer to a webhook.</summary>
    public static ReadOnlyMemory<byte> AnswerCallbackInWebhook(string query) => Write(writer =>
    {
        writer.WriteString("method", "answerCallbackQuery");
        writer.WriteString("callback_query_id", query);
    });

    private static void WriteAddress(Utf8JsonWriter writer, TelegramAddress address)
    {
        switch (address.ChatIdentifier)
        {
            case long id:
                writer.WriteNumber("chat_id", id);
                break;
            default:
                writer.WriteString("chat_id", address.Chat);
                break;
        }

        WriteNumber(writer, "message_thread_id", address.Topic);
        WriteNumber(writer, "direct_messages_topic_id", address.DirectTopic);
        if (address.Business is { } business)
        {
            writer.WriteString("business_connection_id", business);
        }
    }

    /// <summary>The same as fields of a call.</summary>
    public static JsonObject AddressFields(TelegramAddress address)
    {
        var fields = new JsonObject { ["chat_id"] = address.ChatIdentifier is long id ? JsonValue.Create(id) : JsonValue.Create(address.Chat) };
        Add(fields, "message_thread_id", address.Topic);
        Add(fields, "direct_messages_topic_id", address.DirectTopic);
        if (address.Business is { } business)
        {
            fields["business_connection_id"] = business;
        }

        return fields;
    }

    private static void Add(JsonObject fields, string name, string? value)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            fields[name] = number;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, string? value)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            writer.WriteNumber(name, number);
        }
    }

    private static void WriteAllowed(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("allowed_updates");
        foreach (var kind in AllowedUpdates)
        {
            writer.WriteStringValue(kind);
        }

        writer.WriteEndArray();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, _writing))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
