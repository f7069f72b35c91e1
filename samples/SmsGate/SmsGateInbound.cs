using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;
using Channels.Core.Text;

namespace Channels.Samples.SmsGate;

/// <summary>Turns the gateway's bodies into events. Pure, and without exceptions on any bytes.</summary>
internal static class SmsGateInbound
{
    public static Normalised Normalise(WebhookBody webhook)
    {
        try
        {
            using var document = JsonDocument.Parse(webhook.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new Normalised.Events([Read(document.RootElement)])
                : new Normalised.Unreadable("the body is JSON, but no object");
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // The second: half of a surrogate pair is JSON, but no text.
            return new Normalised.Unreadable("the body is no JSON that can be read");
        }
    }

    private static ChannelEvent Read(JsonElement body) =>
        Text(body, "id") is { Length: > 0 } id && Text(body, "from") is { Length: > 0 } from && Text(body, "text") is { } text
            ? new()
            {
                Kind = EventKinds.MessageText,
                Action = EventAction.Process,
                Account = "sms",
                ChatId = from,
                ChatType = "direct",
                MessageId = id,
                FromMe = false,
                SenderId = from,
                SenderPn = from.TrimStart('+'),
                Text = text,
                Timestamp = body.TryGetProperty("sent_at", out var at) && at.ValueKind == JsonValueKind.String && at.TryGetDateTimeOffset(out var sent) ? sent.ToUniversalTime() : null,
            }
            : new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Account = "sms", Reason = "needs id, from and text" };

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? Scrub.Clean(value.GetString()!) : null;
}
