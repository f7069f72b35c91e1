using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Simulator;

/// <summary>Reads the simulator's own body: <c>{from, text, message_id?, name?, timestamp?}</c>.</summary>
internal static class SimulatorInbound
{
    private const int ShortestPhone = 7;

    /// <summary>E.164.</summary>
    private const int LongestPhone = 15;

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

                MessageId = body.Id("message_id") ?? MadeId(from, text, body.Member("timestamp")),
                FromMe = false,
                Timestamp = WhatsAppValues.Time(body.Member("timestamp")),
                SenderId = from,
                SenderPn = PhoneIn(from),
                SenderName = body.Filled("name"),
                Text = text,
            },
        ]);
    }

    /// <summary>What a made-up contact is called is their number where it reads as one.</summary>
    private static string? PhoneIn(string from) => from.Length is >= ShortestPhone and <= LongestPhone && from.All(char.IsAsciiDigit) ? from : null;

    /// <summary>Without an id the content is one: told twice at the same time, it is the same message.</summary>
    private static string MadeId(string from, string text, JsonElement timestamp) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{from}\n{timestamp}\n{text}"))[..16]);
}
