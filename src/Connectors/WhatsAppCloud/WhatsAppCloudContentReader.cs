using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads a message's content by its type. The table is the whole list; what is not in it is kept as unsupported, with Meta's word for it.</summary>
internal static class WhatsAppCloudContentReader
{
    private static readonly string[] _types =
        ["text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "button", "interactive", "order", "edit", "revoke"];

    public static ChannelEvent Read(ChannelEvent message, JsonElement item)
    {
        var type = item.Filled("type") ?? Array.Find(_types, name => item.Member(name).IsObject());
        return type switch
        {
            "text" when item.Member("text").Filled("body") is { } body => message with { Kind = EventKinds.MessageText, Text = body },
            "image" => Media(message, item, type, EventKinds.MessageImage),
            "video" => Media(message, item, type, EventKinds.MessageVideo),
            "audio" or "voice" => Media(message, item, type, type == "voice" || item.Member(type).Flag("voice") == true ? EventKinds.MessageVoice : EventKinds.MessageAudio),
            "document" => Media(message, item, type, EventKinds.MessageDocument),
            "sticker" => Media(message, item, type, EventKinds.MessageSticker),
            "location" => Location(message, item.Member("location")),
            "contacts" => Contacts(message, item.Member("contacts")),
            "reaction" => Reaction(message, item.Member("reaction")),
            "button" => Button(message, item.Member("button")),
            "interactive" => Interactive(message, item.Member("interactive")),
            "template" when message.FromMe == true => Template(message, item.Member("template")),
            "order" => Order(message, item.Member("order")),
            "edit" => Edit(message, item.Member("edit")),
            "revoke" => Revoke(message, item.Member("revoke")),
            "unsupported" or "unknown" or "errors" => Unsupported(message, item, WhatsAppCloudValues.Word(item.Member("unsupported").Text("type"))),

            // Of a file in the history only this comes at first; the file, if it comes, comes later under the same id, and must not be taken for a repetition.
            "media_placeholder" => Unread(message, type) with { Revision = EventKey.Placeholder },
            _ => Unread(message, WhatsAppCloudValues.Word(type)),
        };
    }

    private static ChannelEvent Unread(ChannelEvent message, string? word) =>
        message with { Kind = EventKinds.MessageUnsupported, Action = EventAction.StoreOnly, Reason = word ?? "an unknown sort of message" };

    // The address in it wants the account's key and is dead after five minutes; the id is good for seven days. A link is what our side sent it by elsewhere.
    private static ChannelEvent Media(ChannelEvent message, JsonElement item, string type, string kind)
    {
        var file = item.Member(type);
        var caption = file.Filled("caption");
        if (!file.IsObject() || (caption ?? file.Id("id") ?? file.Filled("url") ?? file.Filled("link")) is null)
        {
            // Too large for Meta to hand on, for instance: then an error says so.
            return Unsupported(message, item, type);
        }

        return message with
        {
            Kind = kind,
            Text = caption,
            Media = new MediaReference(
                file.Filled("mime_type"), file.Number("file_size") is { } size and > 0 and < long.MaxValue ? (long)size : null, Sha256Base64: file.Filled("sha256"), FileName: file.Filled("filename"),
                Caption: caption, Url: file.Filled("link"))
            {
                Id = file.Id("id"),
            },
            Details = message.Details.With(("animated", file.Flag("animated") == true ? true : null)),
        };
    }

    private static ChannelEvent Location(ChannelEvent message, JsonElement place) =>
        place.Number("latitude") is { } latitude && place.Number("longitude") is { } longitude
            ? message with
            {
                Kind = EventKinds.MessageLocation,
                Location = new GeoLocation(latitude, longitude, place.Filled("name"), place.Filled("address")),
                Details = message.Details.With(("url", place.Filled("url"))),
            }
            : Unread(message, "location");

    private static ChannelEvent Contacts(ChannelEvent message, JsonElement cards) => cards.IsArray()
        ? message with { Kind = EventKinds.MessageContact, Contacts = [.. cards.EnumerateArray().Select(Card)] }
        : Unread(message, "contacts");

    private static ContactCard Card(JsonElement card)
    {
        var name = card.Member("name");
        string? known = null, written = null;
        foreach (var phone in WhatsAppCloudValues.Items(card.Member("phones")))
        {
            known ??= WhatsAppCloudValues.Digits(phone.Text("wa_id"));
            written ??= WhatsAppCloudValues.Digits(phone.Text("phone"));
        }

        var parts = string.Join(' ', new[] { name.Filled("first_name"), name.Filled("middle_name"), name.Filled("last_name") }.OfType<string>());
        return new(name.Filled("formatted_name") ?? (parts.Length > 0 ? parts : card.Member("org").Filled("company")), known ?? written);
    }

    private static ChannelEvent Reaction(ChannelEvent message, JsonElement reaction)
    {
        var emoji = reaction.Text("emoji") ?? "";
        return reaction.Id("message_id") is { } target
            ? message with { Kind = EventKinds.MessageReaction, Emoji = emoji, Removed = emoji.Length == 0 ? true : null, TargetMessageId = target }
            : Unread(message, "reaction");
    }

    private static ChannelEvent Button(ChannelEvent message, JsonElement button) => button.IsObject()
        ? message with { Kind = EventKinds.MessageButtonReply, Text = button.Text("text") ?? button.Text("payload"), Payload = button.Text("payload") }
        : Unread(message, "button");

    private static ChannelEvent Interactive(ChannelEvent message, JsonElement interactive) => interactive.Text("type") switch
    {
        "button_reply" => Chosen(message, interactive.Member("button_reply"), EventKinds.MessageButtonReply),
        "list_reply" => Chosen(message, interactive.Member("list_reply"), EventKinds.MessageListReply),
        "nfm_reply" => Form(message, interactive.Member("nfm_reply")),
        var other => Offered(message, interactive, WhatsAppCloudValues.Word(other)),
    };

    /// <summary>Something to choose from, which our side sent elsewhere. A person sends only a product in this form, about which nothing is known here but the words beside it.</summary>
    private static ChannelEvent Offered(ChannelEvent message, JsonElement interactive, string? type)
    {
        var read = message.FromMe == true && interactive.IsObject() ? message with { Kind = EventKinds.EchoInteractive } : Unread(message, type ?? "interactive");
        return read with { Text = interactive.Member("body").Filled("text") };
    }

    // Its words are with Meta; here it has a name only.
    private static ChannelEvent Template(ChannelEvent message, JsonElement template) => message with
    {
        Kind = EventKinds.EchoInteractive,
        Details = message.Details.With(("template", template.Filled("name")), ("language", template.Member("language").Filled("code"))),
    };

    private static ChannelEvent Chosen(ChannelEvent message, JsonElement reply, string kind) => message with
    {
        Kind = kind,
        Text = reply.Text("title"),
        Payload = reply.Text("id"),
        Details = message.Details.With(("description", reply.Filled("description"))),
    };

    private static ChannelEvent Form(ChannelEvent message, JsonElement form) => message with
    {
        Kind = EventKinds.MessageFormReply,
        Text = form.Text("body"),
        Payload = form.Text("response_json"),
        Details = message.Details.With(("form", form.Filled("name"))),
    };

    // Nothing here can serve an order: its words are kept for a person.
    private static ChannelEvent Order(ChannelEvent message, JsonElement order) => Unread(message, "order") with
    {
        Text = order.Filled("text"),
        Details = message.Details.With(("catalog_id", order.Id("catalog_id")), ("items", WhatsAppCloudValues.Items(order.Member("product_items")).Count())),
    };

    /// <summary>The message anew, in the same form as the first time. Two edits of one message are two happenings.</summary>
    private static ChannelEvent Edit(ChannelEvent message, JsonElement edit)
    {
        if (edit.Id("original_message_id") is not { } target)
        {
            return Unread(message, "edit");
        }

        var content = edit.Member("message");
        var anew = content.Text("type") is "edit" or "revoke" ? message : Read(message, content);
        return message with
        {
            Kind = EventKinds.MessageEdited,
            Action = EventAction.UpdateMessage,
            TargetMessageId = target,
            Text = anew.Text,
            Media = anew.Media,
            Revision = message.MessageId ?? message.Timestamp?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "",
        };
    }

    private static ChannelEvent Revoke(ChannelEvent message, JsonElement revoke) => revoke.Id("original_message_id") is { } target
        ? message with { Kind = EventKinds.MessageDeleted, Action = EventAction.UpdateMessage, TargetMessageId = target }
        : Unread(message, "revoke");

    private static ChannelEvent Unsupported(ChannelEvent message, JsonElement item, string? word)
    {
        var error = WhatsAppCloudValues.Items(item.Member("errors")).FirstOrDefault();
        var code = error.Number("code") is { } number and >= 0 and <= int.MaxValue ? (int)number : (int?)null;
        var reason = string.Join(' ', new[] { code?.ToString(CultureInfo.InvariantCulture), word }.OfType<string>());
        return Unread(message, reason.Length > 0 ? reason : "unsupported") with { ReasonCode = code };
    }
}
