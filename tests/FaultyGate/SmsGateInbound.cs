using System.Globalization;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Samples.SmsGate;

/// <summary>Turns the gateway's bodies into events, as long as they are what its author had seen. On any other it throws, which no parser must.</summary>
/// <remarks>The sample reads every body that this one throws on: the proof mends it by putting the sample's assembly in its place.</remarks>
internal static class SmsGateInbound
{
    public static Normalised Normalise(WebhookBody webhook)
    {
        using var document = JsonDocument.Parse(webhook.Body);
        var body = document.RootElement;
        var from = body.GetProperty("from").GetString()!;
        return new Normalised.Events(
        [
            new()
            {
                Kind = EventKinds.MessageText,
                Action = EventAction.Process,
                Account = "sms",
                ChatId = from,
                ChatType = "direct",
                MessageId = body.GetProperty("id").GetString(),
                FromMe = false,
                SenderId = from,
                SenderPn = from.TrimStart('+'),
                Text = body.GetProperty("text").GetString(),
                // A time that is missing, a number, null, or no time at all: four ways to throw.
                Timestamp = DateTimeOffset.Parse(body.GetProperty("sent_at").GetString() ?? throw new OperationCanceledException(), CultureInfo.InvariantCulture),
            },
        ]);
    }
}
