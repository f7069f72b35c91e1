using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads what became of a message we sent: its way to the phone, what it costs, or why it failed.</summary>
/// <remarks>Without a chat: the message's own id says where it belongs, and the recipient's may be another spelling than the one we wrote to.</remarks>
internal static class WhatsAppCloudStatusReader
{
    public static ChannelEvent Read(JsonElement item, WhatsAppCloudChange change)
    {
        if (item.Id("id") is not { } id)
        {
            return change.Ignored("a status without a message id");
        }

        // What became of a payment, or of whatever else, is told in the same words and is not the message's fate.
        if (item.Filled("type") is { } type && !type.Equals("message", StringComparison.OrdinalIgnoreCase))
        {
            return change.Ignored(WhatsAppCloudValues.Word(type.ToLowerInvariant()) is { } word ? $"the status of a {word}" : "the status of no message");
        }

        var kind = item.Text("status")?.ToLowerInvariant() switch
        {
            "sent" => EventKinds.StatusSent,
            "delivered" => EventKinds.StatusDelivered,
            "read" => EventKinds.StatusRead,
            "played" => EventKinds.StatusPlayed,
            "failed" => EventKinds.StatusFailed,
            _ => null,
        };
        if (kind is null)
        {
            return change.Ignored("an unknown status");
        }

        var user = item.Id("recipient_user_id");
        var participant = item.Id("recipient_participant_id") ?? item.Id("participant_recipient_id") ?? item.Id("recipient_participant_user_id");
        var status = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.UpdateDelivery,
            Account = change.Account,
            MessageId = id,
            FromMe = true,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),

            // In a group each member has a status, of one and the same message and often in one body.
            Revision = participant ?? "",
            Details = WhatsAppCloudValues.Details(
                ("recipient_id", item.Id("recipient_id") ?? user),
                ("recipient_bsuid", user),
                ("participant_id", participant),
                ("correlation", item.Id("biz_opaque_callback_data")),
                ("pricing", PriceOf(item.Member("pricing")))),
        };
        return kind == EventKinds.StatusFailed ? WithError(status, item) : status;
    }

    private static object? PriceOf(JsonElement pricing) => WhatsAppCloudValues.Group(
        ("model", pricing.Filled("pricing_model")), ("type", pricing.Filled("type")), ("category", pricing.Filled("category")), ("billable", pricing.Flag("billable")));

    private static ChannelEvent WithError(ChannelEvent status, JsonElement item)
    {
        var error = WhatsAppCloudError.Read(WhatsAppCloudValues.Items(item.Member("errors")).FirstOrDefault());
        return status with
        {
            Reason = error.Said,
            ReasonCode = error.Code,
            Details = status.Details.With(("error", WhatsAppCloudValues.Group(("code", error.Code), ("title", error.Title))), ("retryable", error.IsPassing)),
        };
    }
}
