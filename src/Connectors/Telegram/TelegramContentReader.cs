using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;
using Channels.Core.Text;

namespace Channels.Connectors.Telegram;

/// <summary>Reads what a message says: text, a command, a file, a place, a card, a poll, or something we have no words for.</summary>
internal static class TelegramContentReader
{
    private const int MostOptions = 100;
    private const int MostContacts = 100;

    // What has no kind of its own here, in the order in which it counts; the name becomes the reason.
    private static readonly string[] _withoutKind = ["paid_media", "checklist", "dice", "game", "invoice", "successful_payment", "giveaway", "giveaway_winners", "chat_shared", "passport_data"];

    public static ChannelEvent Read(ChannelEvent bare, JsonElement message, TelegramUpdate update)
    {
        if (message.Text("text") is { } text)
        {
            return ReadText(bare, message, text, "entities", update);
        }

        if (TelegramMediaReader.Read(message) is ({ } kind, { } media))
        {
            // A sticker says what its emoji says: the one thing of it that can be read.
            var emoji = message.Member("sticker").Filled("emoji");
            var file = bare with { Kind = kind, Text = message.Text("caption") ?? emoji, Media = media, Emoji = emoji };
            file = message.Member("video_note").IsObject() ? file with { Details = file.Details.Add("round", true) } : file;
            file = message.Member("paid_media").Member("paid_media") is { ValueKind: JsonValueKind.Array } paid ? file with { Details = file.Details.Add("paid_media", paid.GetArrayLength()) } : file;
            return WithMentions(file, message, "caption_entities", update);
        }

        return ReadPlaceOrCard(bare, message) ?? ReadAnswer(bare, message) ?? ReadRich(bare, message) ?? Unsupported(bare, message);
    }

    /// <summary>The words of a message, whatever it is: for an edit.</summary>
    public static string? TextOf(JsonElement message) =>
        message.Text("text") ?? message.Text("caption") ?? message.Member("poll").Text("question") ?? message.Member("checklist").Filled("title")
        ?? (message.Member("rich_message").IsObject() ? TelegramRichText.Of(message.Member("rich_message")) : null);

    private static ChannelEvent ReadText(ChannelEvent bare, JsonElement message, string text, string entities, TelegramUpdate update)
    {
        var said = WithMentions(bare with { Kind = EventKinds.MessageText, Text = text }, message, entities, update);
        if (TelegramEntities.CommandOf(text, message.Member(entities)) is not { } command)
        {
            return said;
        }

        var details = said.Details.Add("command", command.Name);
        var read = said with { Kind = EventKinds.MessageCommand, Details = command.Arguments is { } arguments ? details.Add("args", arguments) : details };
        return command.Bot is { } bot && update.Username is { } own && !bot.Equals(own, StringComparison.OrdinalIgnoreCase)
            ? read with { Action = EventAction.StoreOnly, Reason = "a command for another bot" }
            : read;
    }

    // Only in groups: a private chat is meant for us anyway.
    private static ChannelEvent WithMentions(ChannelEvent said, JsonElement message, string entities, TelegramUpdate update) =>
        ChatTypes.IsGroup(said) && said.Text is { } text && TelegramEntities.MentionsBot(text, message.Member(entities), update)
            ? said with { Details = said.Details.Add("mentions_bot", true) }
            : said;

    /// <summary>The event with the place the message shows, where it shows one.</summary>
    public static ChannelEvent WithPlace(ChannelEvent bare, JsonElement message)
    {
        // A venue repeats its place as "location".
        var venue = message.Member("venue");
        var place = venue.IsObject() ? venue.Member("location") : message.Member("location");
        return place.Number("latitude") is { } latitude && place.Number("longitude") is { } longitude
            ? bare with
            {
                Location = new GeoLocation(latitude, longitude, venue.Filled("title"), venue.Filled("address")),
                Details = place.Member("live_period").IsNothing() ? bare.Details : bare.Details.Add("live", true),
            }
            : bare;
    }

    private static ChannelEvent? ReadPlaceOrCard(ChannelEvent bare, JsonElement message)
    {
        if (WithPlace(bare, message) is { Location: not null } place)
        {
            return place with { Kind = EventKinds.MessageLocation };
        }

        if (message.Member("contact") is { ValueKind: JsonValueKind.Object } card)
        {
            return ReadContact(bare, card, message);
        }

        return PeopleOf(message) is { IsEmpty: false } people ? bare with { Kind = EventKinds.MessageContact, Contacts = people } : null;
    }

    /// <summary>People picked from the list that a button of the bot's opened: known by their ids, and by names only where the bot asked for them.</summary>
    private static ImmutableArray<ContactCard> PeopleOf(JsonElement message)
    {
        // Of one person the server repeats the id as "user_shared", and before 7.0 it said nothing else; 7.0 and 7.1 had "user_ids" alone.
        var shared = message.Member("users_shared");
        var (users, ids) = (shared.Member("users"), shared.Member("user_ids"));
        return users.IsArray() ? [.. users.EnumerateArray().Take(MostContacts).Select(user => Person(TelegramParties.NameOf(user), user.Id("user_id")))]
            : ids.IsArray() ? [.. ids.EnumerateArray().Take(MostContacts).Where(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _)).Select(id => Person(null, id.GetInt64().ToString(CultureInfo.InvariantCulture)))]
            : message.Member("user_shared").Id("user_id") is { } only ? [Person(null, only)]
            : [];

        static ContactCard Person(string? name, string? id) => new(name ?? id) { UserId = id };
    }

    /// <summary>The number is the sender's own only when Telegram says whose card it is, and it is theirs: anybody can send anybody's card.</summary>
    private static ChannelEvent ReadContact(ChannelEvent bare, JsonElement card, JsonElement message)
    {
        var (phone, user) = (card.Filled("phone_number"), card.Id("user_id"));
        var shown = ImmutableDictionary<string, object?>.Empty.Add("is_sender", user is not null && user == message.Member("from").Id("id"));
        shown = phone is null ? shown : shown.Add("phone", phone);
        shown = user is null ? shown : shown.Add("user_id", user);
        var digits = phone is null ? null : string.Concat(phone.Where(char.IsAsciiDigit));
        return bare with
        {
            Kind = EventKinds.MessageContact,
            Contacts = [new ContactCard(TelegramParties.NameOf(card), digits is { Length: > 0 } ? digits : null)],
            Details = bare.Details.Add("contact", shown),
        };
    }

    private static ChannelEvent? ReadAnswer(ChannelEvent bare, JsonElement message)
    {
        if (message.Member("poll") is { ValueKind: JsonValueKind.Object } poll)
        {
            return TelegramPollReader.Read(bare, poll, MostOptions);
        }

        if (message.Member("web_app_data") is { ValueKind: JsonValueKind.Object } form)
        {
            return bare with { Kind = EventKinds.MessageFormReply, Text = form.Text("button_text"), Payload = form.Text("data") };
        }

        return message.Member("story").IsObject() ? bare with { Kind = EventKinds.MessageShare } : null;
    }

    private static ChannelEvent? ReadRich(ChannelEvent bare, JsonElement message) =>
        message.Member("rich_message") is { ValueKind: JsonValueKind.Object } rich && TelegramRichText.Of(rich) is { Length: > 0 } text
            ? bare with { Kind = EventKinds.MessageText, Text = text }
            : null;

    private static ChannelEvent Unsupported(ChannelEvent bare, JsonElement message)
    {
        var name = Array.Find(_withoutKind, candidate => !message.Member(candidate).IsNothing());
        var value = name is null ? default : message.Member(name);
        return bare with
        {
            Kind = EventKinds.MessageUnsupported,
            Reason = name ?? "a sort of message this version does not know",
            Text = Scrub.CleanOrNull(message.Text("caption") ?? value.Filled("title") ?? value.Filled("emoji")),
        };
    }
}
