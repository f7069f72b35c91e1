using System.Security.Cryptography;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Simulator;

/// <summary>Reads the simulator's own body: <c>{from, text, message_id?, name?, timestamp?}</c>.</summary>
internal static class SimulatorInbound
{
    public static Normalised Normalise(WebhookBody webhook)
    {
        using var document = JsonBody.TryRead(webhook.Body, out var unreadable);
        if (document is null || !document.RootElement.IsObject())
        {
            return new Normalised.Unreadable(document is null ? unreadable : "the body is JSON, but no object");
        }

        var body = document.RootElement;
        if (body.Id("from") is not { } from || body.Filled("text") is not { } text)
        {
            return new Normalised.Events([new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Account = "simulator", Reason = "needs from and text" }]);
        }

        return new Normalised.Events(
        [
            new()
            {
                Kind = EventKinds.MessageText,
                Action = EventAction.Process,
                Account = "simulator",
                ChatId = from,
                ChatType = "direct",

                // Without an id the body itself is one: told twice, it is the same message.
                MessageId = body.Id("message_id") ?? Convert.ToHexStringLower(SHA256.HashData(webhook.Body.Span)[..16]),
                FromMe = false,
                Timestamp = WhatsAppValues.Time(body.Member("timestamp")),
                SenderId = from,
                SenderName = body.Filled("name"),
                Text = text,
            },
        ]);
    }
}
