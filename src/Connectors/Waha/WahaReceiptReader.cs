using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads <c>message.ack</c> and <c>message.ack.group</c>. They skip steps and come out of order; whoever keeps the status only moves it forward.</summary>
internal static class WahaReceiptReader
{
    public static ChannelEvent Read(WahaEnvelope envelope)
    {
        var payload = envelope.Payload;
        if (WahaMessageId.Read(payload, "id") is not { } id)
        {
            return envelope.Ignored("a receipt without message id");
        }

        var parties = WahaParties.Read(payload, id, envelope);
        var status = StatusOf(payload);
        if (KindOf(status) is not { } kind)
        {
            return envelope.Ignored(status == "PENDING" ? "not sent yet" : "a receipt we do not know");
        }

        // In a group each member's receipt is about that member alone.
        var participant = parties.Chat is { IsPerson: false } ? Participant(payload, id, envelope) : null;
        var receipt = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.UpdateDelivery,
            Account = envelope.Account,
            ChatId = parties.Chat?.ToString(),
            MessageId = id.Id,
            FromMe = parties.FromMe,
            Revision = participant ?? "",
        };
        receipt = participant is null ? receipt : receipt with { Details = receipt.Details.Add("participant_id", participant) };
        return parties.FromMe ? receipt : receipt with { Action = EventAction.Ignore, Reason = "our own reading of a received message" };
    }

    private static string? Participant(JsonElement payload, WahaMessageId id, WahaEnvelope envelope)
    {
        var data = payload.Member("_data");
        if (WahaParties.IsReceipt(data))
        {
            // One device's, also where it is our own.
            return (WahaParties.Jid(data, "SenderAlt") is { IsPhone: true } alt ? alt : WahaParties.Jid(data, "Sender") ?? WahaParties.Jid(payload, "participant"))?.ToString();
        }

        var key = data.Member("key");
        var member = WhatsAppJid.Parse(key.Filled("participantAlt")) is { IsPhone: true } phone ? phone
            : WahaParties.Jid(payload, "participant") ?? WhatsAppJid.Parse(data.Member("receipt").Filled("userJid"))
              ?? (envelope.Event == "message.ack.group" ? id.Participant : null);

        // Some engines put the sender there, which is us.
        return member is { } one && !envelope.IsOwn(one) ? one.ToString() : null;
    }

    private static string? KindOf(string? status) => status switch
    {
        "ERROR" => EventKinds.StatusFailed,
        "SERVER" => EventKinds.StatusSent,
        "DEVICE" => EventKinds.StatusDelivered,
        "READ" => EventKinds.StatusRead,
        "PLAYED" => EventKinds.StatusPlayed,
        _ => null,
    };

    /// <summary>The name goes before the number: the numbers of one engine were wrong in some builds.</summary>
    private static string? StatusOf(JsonElement payload) => payload.Filled("ackName")?.Trim().ToUpperInvariant() is { } name && name is not "UNKNOWN"
        ? name
        : WhatsAppValues.Integer(payload.Member("ack")) switch
        {
            -1 => "ERROR",
            0 => "PENDING",
            1 => "SERVER",
            2 => "DEVICE",
            3 => "READ",
            4 => "PLAYED",
            _ => null,
        };
}
