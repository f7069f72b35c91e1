using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Which list a message came in.</summary>
internal enum WhatsAppCloudOrigin
{
    /// <summary>Somebody wrote to us.</summary>
    Arrived,

    /// <summary>Our side wrote elsewhere: on the phone that shares the number, or Meta's own agent.</summary>
    Echo,

    /// <summary>Something was sent through the API: by us, or by another program.</summary>
    ApiSend,

    /// <summary>Somebody wrote, and somebody else owns the chat.</summary>
    Standby,

    /// <summary>Before this number was connected.</summary>
    History,
}

/// <summary>Reads one message, wherever it came from.</summary>
internal static class WhatsAppCloudMessageReader
{
    /// <param name="item">The message.</param>
    /// <param name="change">What it stands in.</param>
    /// <param name="origin">Which list.</param>
    /// <param name="thread">The person whose chat it is, where the list says so.</param>
    public static ChannelEvent Read(JsonElement item, WhatsAppCloudChange change, WhatsAppCloudOrigin origin, WhatsAppCloudParties thread = default)
    {
        if (item.Id("id") is not { } id)
        {
            return change.Ignored("a message without an id");
        }

        var fromUs = origin is WhatsAppCloudOrigin.Echo or WhatsAppCloudOrigin.ApiSend || (origin == WhatsAppCloudOrigin.History && IsOurs(item, change));
        var parties = fromUs ? WhatsAppCloudParties.OfRecipient(item, thread)
            : origin == WhatsAppCloudOrigin.History ? WhatsAppCloudParties.OfPast(item, change, thread)
            : WhatsAppCloudParties.OfSender(item, change);
        if (item.Text("type") == "system")
        {
            return WhatsAppCloudPeopleReader.ReadSystem(item, id, parties, change);
        }

        if (parties.Chat is null)
        {
            return change.Ignored("a message without a sender");
        }

        var message = new ChannelEvent
        {
            Kind = EventKinds.MessageUnsupported,
            Action = EventAction.Process,
            Account = change.Account,
            ChatId = parties.Chat,
            ChatAlias = parties.Alias,
            ChatType = parties.Group is null ? "direct" : "group",
            MessageId = id,
            FromMe = fromUs,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
            SenderId = fromUs ? null : parties.Person,
            SenderPn = fromUs ? null : parties.Phone,
            SenderName = parties.Name,
            Details = fromUs
                ? WhatsAppCloudValues.Details(("recipient_id", parties.Chat), ("recipient_bsuid", parties.UserId))
                : WhatsAppCloudValues.Details(("sender_bsuid", parties.UserId), ("sender_username", parties.UserName)),
        };
        var placed = WhatsAppCloudPlacing.Place(WhatsAppCloudContext.Apply(WhatsAppCloudContentReader.Read(message, item), item), origin);

        // Answered, our answer would come back to us, and so on.
        return placed.Action == EventAction.Process && parties.Phone is { } phone && phone == change.OwnNumber
            ? placed with { Action = EventAction.StoreOnly, Reason = "from the number itself" }
            : placed;
    }

    private static bool IsOurs(JsonElement item, WhatsAppCloudChange change) =>
        change.OwnNumber is { } own && WhatsAppCloudValues.Digits(item.Text("from")) == own
        || !item.Member("to").IsNothing() || !item.Member("to_user_id").IsNothing();
}
