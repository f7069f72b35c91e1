using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads the leaf of a message: one short reader per variant that WhatsApp knows.</summary>
/// <remarks>
/// Gateways hand WhatsApp's own message on as their library prints it. Two spellings are about: <c>stanzaId, ptt</c> (Baileys) and
/// <c>stanzaID, PTT</c> (whatsmeow, whose choices of one field stand under a name of their own: <c>Response</c>).
/// </remarks>
internal static class WhatsAppContentReader
{
    private const string AnotherQuality = "the same file in another quality";
    private const string Story = "a story, told to a group";

    public static ChannelEvent Read(
        ChannelEvent message, WhatsAppContent content, JsonElement item, WhatsAppOwn own, WhatsAppParties parties)
    {
        var read = ReadLeaf(message, content, item, own, parties);
        return content.IsStory ? read with { Action = EventAction.Ignore, Reason = Story } : read;
    }

    private static ChannelEvent ReadLeaf(
        ChannelEvent message, WhatsAppContent content, JsonElement item, WhatsAppOwn own, WhatsAppParties parties)
    {
        var leaf = content.Value;
        message = WhatsAppContext.Apply(message, item, leaf, own);
        if (content.ViewOnce)
        {
            message = message with { ViewOnce = true };
        }

        // Kept, since it may be the better one; answered was the first.
        if (content.IsAnotherQuality)
        {
            message = message with { Action = EventAction.StoreOnly, Reason = AnotherQuality };
        }

        return content.Leaf switch
        {
            "conversation" => Text(message, leaf.AsText()),
            "extendedTextMessage" => Text(message, leaf.Text("text")),
            "imageMessage" or "videoMessage" or "ptvMessage" or "audioMessage" or "documentMessage" or "stickerMessage" =>
                WhatsAppMediaReader.Read(message, content, item),
            "locationMessage" or "liveLocationMessage" => Location(message, content),
            "contactMessage" => message with { Kind = EventKinds.MessageContact, Contacts = [Card(leaf)] },
            "contactsArrayMessage" => message with { Kind = EventKinds.MessageContact, Contacts = Cards(leaf) },
            "reactionMessage" => Reaction(message, leaf),
            "buttonsResponseMessage" => Reply(
                message, EventKinds.MessageButtonReply, leaf.Text("selectedDisplayText") ?? leaf.Member("Response").Text("SelectedDisplayText"), leaf.Id("selectedButtonId", "selectedButtonID")),
            "templateButtonReplyMessage" => Reply(message, EventKinds.MessageButtonReply, leaf.Text("selectedDisplayText"), leaf.Id("selectedId", "selectedID")),
            "listResponseMessage" => Reply(
                message, EventKinds.MessageListReply, leaf.Text("title"), leaf.Member("singleSelectReply").Id("selectedRowId", "selectedRowID")),
            "interactiveResponseMessage" => WhatsAppFlowReader.Read(message, leaf),
            "pollUpdateMessage" => WhatsAppPollReader.ReadVote(message, leaf, item, own, parties),
            { } poll when WhatsAppLeaves.IsPoll(poll) => WhatsAppPollReader.ReadPoll(message, leaf),
            var unknown => Unsupported(message, unknown, leaf),
        };
    }

    /// <summary>A text nobody wrote is nothing to answer.</summary>
    private static ChannelEvent Text(ChannelEvent message, string? text) =>
        text is { Length: > 0 }
            ? message with { Kind = EventKinds.MessageText, Text = text }
            : message with { Reason = "a text without text" };

    private static ChannelEvent Reply(ChannelEvent message, string kind, string? label, string? chosen) =>
        message with { Kind = kind, Text = label, Payload = chosen };

    private static ChannelEvent Reaction(ChannelEvent message, JsonElement leaf)
    {
        var emoji = leaf.Text("text") ?? "";
        return message with
        {
            Kind = EventKinds.MessageReaction,
            TargetMessageId = leaf.Member("key").Id("id", "ID"),
            Emoji = emoji,
            Removed = emoji.Length == 0 ? true : null,
            Revision = WhatsAppRevision.Of(leaf.Member("senderTimestampMs", "senderTimestampMS"), emoji),
        };
    }

    private static ChannelEvent Location(ChannelEvent message, WhatsAppContent content)
    {
        var leaf = content.Value;
        if (leaf.Number("degreesLatitude") is not { } latitude || leaf.Number("degreesLongitude") is not { } longitude)
        {
            return message with { Reason = $"{content.Leaf} without coordinates" };
        }

        var live = content.Leaf == "liveLocationMessage";
        return message with
        {
            Kind = EventKinds.MessageLocation,
            Text = leaf.Filled("caption") ?? leaf.Filled("comment"),
            Location = new GeoLocation(latitude, longitude, leaf.Filled("name"), leaf.Filled("address")),
            Details = live ? message.Details.Add("live", true) : message.Details,
        };
    }

    private static ImmutableArray<ContactCard> Cards(JsonElement leaf) =>
        leaf.Member("contacts") is { ValueKind: JsonValueKind.Array } contacts ? [.. contacts.EnumerateArray().Where(JsonReading.IsObject).Select(Card)] : [];

    private static ContactCard Card(JsonElement contact) => VCard.Read(contact.Filled("displayName"), contact.Text("vcard"));

    /// <summary>Kept with whatever words it shows, so that a person can read on where the agent cannot.</summary>
    private static ChannelEvent Unsupported(ChannelEvent message, string? name, JsonElement leaf) => message with
    {
        Reason = name is { } besides && WhatsAppLeaves.IsBesides(besides) ? "the gateway left the content out"
            : name is { Length: <= 64 } && name.All(char.IsAsciiLetterOrDigit) ? name : "unknown message",
        Text = leaf.AsText() ?? leaf.Filled("text") ?? leaf.Filled("caption") ?? leaf.Filled("message") ?? leaf.Filled("contentText")
            ?? leaf.Filled("body") ?? leaf.Member("body").Filled("text") ?? leaf.Member("product").Filled("title") ?? leaf.Filled("name") ?? leaf.Filled("description")
            ?? leaf.Member("hydratedTemplate").Filled("hydratedContentText") ?? (name == WhatsAppLeaves.Comment ? WhatsAppChange.TextOf(WhatsAppUnwrap.Open(leaf.Member("message"))) : null),
    };
}
