using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Writes the bodies that the Graph API takes.</summary>
internal static class WhatsAppCloudPayloads
{
    private static readonly JsonWriterOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A message. Our own id goes along and comes back in every status, so that a send that got no answer is found again.</summary>
    /// <param name="message">What, and to whom.</param>
    /// <param name="mediaId">Meta's id of the file, where it was uploaded.</param>
    public static ReadOnlyMemory<byte> Send(OutboundMessage message, string? mediaId = null) => Write(writer =>
    {
        WriteEnvelope(writer, message);
        WhatsAppCloudContents.Write(writer, message, mediaId);
    });

    /// <summary>Shows that the message was read and, for at most 25 s or until the answer, that somebody is typing.</summary>
    public static ReadOnlyMemory<byte> MarkRead(string messageId, bool typing) => Write(writer =>
    {
        writer.WriteString("messaging_product", "whatsapp");
        writer.WriteString("status", "read");
        writer.WriteString("message_id", messageId);
        if (typing)
        {
            writer.WriteStartObject("typing_indicator");
            writer.WriteString("type", "text");
            writer.WriteEndObject();
        }
    });

    /// <summary>Points the webhooks of one number to us, whatever address the app has.</summary>
    public static ReadOnlyMemory<byte> PointWebhook(Connection connection) => Write(writer =>
    {
        writer.WriteString("messaging_product", "whatsapp");
        writer.WriteStartObject("webhook_configuration");
        writer.WriteString("override_callback_uri", connection.WebhookUrl.ToString());
        writer.WriteString("verify_token", WhatsAppCloudSettings.VerifyTokenOf(connection));
        writer.WriteEndObject();
    });

    private static void WriteEnvelope(Utf8JsonWriter writer, OutboundMessage message)
    {
        writer.WriteString("messaging_product", "whatsapp");
        if (WhatsAppCloudValues.IsPhone(message.ChatId))
        {
            writer.WriteString("recipient_type", "individual");

            // Without the plus, the sender's own country code is put before it.
            writer.WriteString("to", $"+{message.ChatId.TrimStart('+')}");
        }
        else if (WhatsAppCloudValues.IsUserId(message.ChatId))
        {
            writer.WriteString("recipient_type", "individual");

            // In "to" it would be taken with a 200 and dropped.
            writer.WriteString("recipient", message.ChatId);
        }
        else
        {
            writer.WriteString("recipient_type", "group");
            writer.WriteString("to", message.ChatId);
        }

        if (message.ReplyTo is { Length: > 0 } answered)
        {
            writer.WriteStartObject("context");
            writer.WriteString("message_id", answered);
            writer.WriteEndObject();
        }

        writer.WriteString("biz_opaque_callback_data", message.Id.ToString());
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
