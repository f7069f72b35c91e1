using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads what a message says: WhatsApp's own message where the engine hands it on, the browser's type where not, and WAHA's own fields around both.</summary>
internal static class WahaContentReader
{
    /// <summary>The message with its content; null when nothing in it can be read.</summary>
    public static ChannelEvent? Read(ChannelEvent bare, JsonElement payload, WhatsAppContent content, WahaEnvelope envelope, WhatsAppParties parties)
    {
        var data = payload.Member("_data");
        var message = content.Leaf is not null ? WhatsAppContentReader.Read(bare, content, data, envelope.Ours, parties)
            : data.Filled("type") is { } type ? ReadTyped(bare, type, data, envelope.Ours)
            : ReadPlain(bare, payload);
        message = message is null ? null : WithWahasOwn(message, payload, data);
        return message is { Kind: EventKinds.MessageUnsupported, Reason: null } ? null : message;
    }

    /// <summary>The browser engines: a type, and fields as WhatsApp Web keeps them.</summary>
    private static ChannelEvent? ReadTyped(ChannelEvent bare, string type, JsonElement data, WhatsAppOwn own)
    {
        if (WahaWebTypes.IsNote(type))
        {
            return null;
        }

        var message = WahaWebTypes.KindOf(type) is { } kind ? bare with { Kind = kind } : bare with { Reason = TypeWord(type) };
        message = type == "ptv" ? message with { Details = message.Details.Add("round", true) } : message;
        message = data.Flag("isViewOnce") == true ? message with { ViewOnce = true } : message;
        message = data.Id("quotedStanzaID") is { } answered ? message with { ReplyTo = answered } : message;
        message = WhatsAppContext.ApplyTyped(message, data);
        message = own.IsAmong(data.Member("mentionedJidList")) ? message with { Details = message.Details.Add("mentions_me", true) } : message;
        return message.Kind switch
        {
            _ when type == WahaWebTypes.AnswerToFlow => WhatsAppFlowReader.ReadTyped(message, data),
            EventKinds.MessageListReply => message with { Payload = data.Member("listResponse").Member("singleSelectReply").Id("selectedRowId") ?? data.Id("selectedRowId") },
            EventKinds.MessageButtonReply => message with { Payload = data.Id("selectedButtonId", "selectedId") },
            EventKinds.MessagePoll => message with { Text = data.Filled("pollName"), Options = WahaPollReader.Names(data.Member("pollOptions")) },
            _ => message,
        };
    }

    /// <summary>Nothing but WAHA's own fields.</summary>
    private static ChannelEvent? ReadPlain(ChannelEvent bare, JsonElement payload) =>
        payload.Flag("hasMedia") == true ? bare with { Kind = WahaMediaReader.KindOf(payload) }
        : payload.Member("location").IsObject() ? bare with { Kind = EventKinds.MessageLocation }
        : payload.Member("vCards") is { ValueKind: JsonValueKind.Array } cards && cards.GetArrayLength() > 0 ? bare with { Kind = EventKinds.MessageContact }
        : payload.Filled("body") is { } text ? bare with { Kind = EventKinds.MessageText, Text = text }
        : null;

    private static ChannelEvent WithWahasOwn(ChannelEvent message, JsonElement payload, JsonElement data)
    {
        if (message.Kind == EventKinds.MessageUnsupported && payload.Filled("body") is { } words)
        {
            // Some types are known to the gateway only: what it reads of them goes before what we find there.
            message = message.Reason == "a text without text" ? message with { Kind = EventKinds.MessageText, Text = words, Reason = null } : message with { Text = words };
        }

        message = WahaMessageId.Read(payload.Member("replyTo"), "id") is { } answered ? message with { ReplyTo = answered.Id } : message;
        message = payload.Flag("hasMedia") == true || WahaMediaReader.IsFile(message.Kind) ? WahaMediaReader.Apply(message, payload, data) : message;
        return message.Kind switch
        {
            EventKinds.MessageLocation => WithLocation(message, payload, data),
            EventKinds.MessageContact => message.Contacts.IsEmpty ? message with { Contacts = Cards(payload, data) } : message,

            // A location's body is a picture of the map, a contact's is the card: everywhere else it is what was written.
            EventKinds.MessageReaction or EventKinds.MessagePollVote => message,
            _ => message.Text is { Length: > 0 } ? message : WithBody(message, payload, data),
        };
    }

    private static ChannelEvent WithBody(ChannelEvent message, JsonElement payload, JsonElement data)
    {
        var text = payload.Filled("body");
        if (message.Kind == EventKinds.MessageDocument && text is not null && data.Flag("isCaptionByUser") != true && (text == message.Media?.FileName || text == data.Filled("filename")))
        {
            // WhatsApp Web writes a document's name where its caption would stand. Nobody said it.
            text = null;
        }

        return message.Media is { } media ? message with { Text = text, Media = media with { Caption = text } }
            : text is null && message.Kind == EventKinds.MessageText ? message with { Kind = EventKinds.MessageUnsupported, Text = null, Reason = "a text without text" }
            : message with { Text = text };
    }

    private static ChannelEvent WithLocation(ChannelEvent message, JsonElement payload, JsonElement data)
    {
        if (message.Location is not null)
        {
            return message;
        }

        var place = payload.Member("location") is { ValueKind: JsonValueKind.Object } own ? own : data;
        if ((place.Number("latitude") ?? place.Number("lat")) is not { } latitude || (place.Number("longitude") ?? place.Number("lng")) is not { } longitude)
        {
            return message with { Kind = EventKinds.MessageUnsupported, Reason = "a location without coordinates" };
        }

        // The browser has name and address as two lines of one text.
        var lines = (place.Filled("description") ?? place.Filled("loc") ?? "").Split('\n', 2);
        return message with
        {
            Location = new GeoLocation(
                latitude, longitude, place.Filled("name") ?? (lines[0].Length > 0 ? lines[0] : null), place.Filled("address") ?? (lines.Length > 1 ? lines[1] : null)),
            Details = place.Flag("live") == true || data.Flag("isLive") == true ? message.Details.SetItem("live", true) : message.Details,
        };
    }

    private static ImmutableArray<ContactCard> Cards(JsonElement payload, JsonElement data)
    {
        var cards = payload.Member("vCards");
        var kept = data.Member("vcardList");
        return cards.IsArray() && cards.GetArrayLength() > 0 ? [.. cards.EnumerateArray().Select(card => VCard.Read(null, card.AsText()))]

            // Of several at once WPP hands on nothing but what WhatsApp Web keeps; their body is empty.
            : kept.IsArray() && kept.GetArrayLength() > 0 ? [.. kept.EnumerateArray().Select(card => VCard.Read(card.Filled("displayName"), card.Text("vcard")))]
            : (payload.Filled("body") ?? data.Filled("body")) is { } card ? [VCard.Read(null, card)]
            : [];
    }

    private static string TypeWord(string type) => type.Length <= 64 && type.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? type : "unknown message";
}
