using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>One call that sends something other than plain text.</summary>
/// <param name="Method">The Bot API's method.</param>
/// <param name="Fields">What it is given.</param>
/// <param name="FileField">The field that holds the file, where the bytes go along.</param>
internal sealed record TelegramCall(string Method, JsonObject Fields, string? FileField = null);

/// <summary>Makes calls of files, places, cards, reactions and choices.</summary>
internal static class TelegramContents
{
    private const string Disposition = "Content-Disposition";

    /// <summary>In characters. Telegram counts what is left when marks were read; we count all of it.</summary>
    private const int LongestCaption = 1024;

    /// <summary>The same of a text by itself, or above buttons.</summary>
    private const int LongestText = 4096;

    /// <summary>In bytes of UTF-8.</summary>
    private const int LongestButtonId = 64;

    /// <inheritdoc cref="IContentRules.RefusalOf"/>
    public static ContentRefusal? RefusalOf(string text, OutboundContent? content) => content switch
    {
        OutboundContent.File { Form: FileForm.Sticker } when text.Length > 0 => new("text", "caption-on-sticker", "a sticker has no text"),
        OutboundContent.File when text.Length > LongestCaption =>
            new("text", "caption-too-long", $"the text below the file has {text.Length} characters; Telegram takes {LongestCaption}"),
        OutboundContent.Interactive interactive when TextOf(interactive, text).Length is var length && length > LongestText =>
            new("text", "text-too-long", $"header, text, the list's words and footer have {length} characters together; Telegram takes {LongestText}"),
        OutboundContent.Cards { Items.Length: not 1 } => new("contacts", "one-card-only", "Telegram takes one contact card a message"),
        OutboundContent.Interactive interactive when ChoicesOf(interactive).Any(choice => Encoding.UTF8.GetByteCount(choice.Id) is 0 or > LongestButtonId) =>
            new("interactive", "button-id-too-long", $"the id of each choice must have 1 to {LongestButtonId} bytes"),
        _ => null,
    };

    /// <summary>The call, or why there is none.</summary>
    /// <param name="message">What; of it nothing is refused by <see cref="RefusalOf"/>.</param>
    /// <param name="content">What of it is not text.</param>
    /// <param name="address">Where to.</param>
    /// <param name="parseMode">How marks in its text are to be read; null for not at all.</param>
    public static (TelegramCall? Call, SendOutcome.Refused? Refusal) Of(OutboundMessage message, OutboundContent content, TelegramAddress address, string? parseMode)
    {
        var fields = TelegramPayloads.AddressFields(address);
        if (content is not OutboundContent.Reaction && int.TryParse(message.ReplyTo, NumberStyles.None, CultureInfo.InvariantCulture, out var answered))
        {
            fields["reply_parameters"] = new JsonObject { ["message_id"] = answered, ["allow_sending_without_reply"] = true };
        }

        return content switch
        {
            OutboundContent.File file => (OfFile(message, file, fields, parseMode), null),
            OutboundContent.Place place => (OfPlace(place, fields), null),
            OutboundContent.Cards { Items: [var card] } => (OfCard(card, fields), null),
            OutboundContent.Reaction when address.Business is not null => (null, new("not-supported", "in a business account's chats Telegram lets a bot react to nothing")),
            OutboundContent.Reaction reaction => OfReaction(reaction, fields),
            OutboundContent.Interactive interactive => (OfChoices(message, interactive, fields, parseMode), null),
            _ => (null, new("unsupported", "Telegram has no such message")),
        };
    }

    /// <summary>All that stands above the buttons.</summary>
    public static string TextOf(OutboundContent.Interactive interactive, string text) =>
        string.Join("\n\n", new[] { interactive.Header, text, Described(interactive), interactive.Footer }.Where(part => !string.IsNullOrEmpty(part)));

    /// <summary>The request's body; null when the file to send is gone.</summary>
    public static async Task<HttpContent?> BodyAsync(TelegramCall call, OutboundMessage message, OutboundContent content, CancellationToken cancellationToken)
    {
        if (call.FileField is not { } field || content is not OutboundContent.File file)
        {
            return new StringContent(call.Fields.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue(MediaTypeNames.Application.Json));
        }

        if (message.OpenFileAsync is not { } open || await open(cancellationToken) is not { } stream)
        {
            return null;
        }

        var boundary = RandomNumberGenerator.GetHexString(32);
        var form = new MultipartFormDataContent(boundary);
        foreach (var (name, value) in call.Fields)
        {
            form.Add(Part(value is JsonValue plain && plain.TryGetValue<string>(out var text) ? text : value!.ToJsonString(), name));
        }

        // In quotes it is right as well, and not everybody reads it.
        form.Headers.ContentType = MediaTypeHeaderValue.Parse($"multipart/form-data; boundary={boundary}");

        var bytes = new StreamContent(stream);
        if (MediaTypeHeaderValue.TryParse(file.Mime, out var type))
        {
            bytes.Headers.ContentType = type;
        }

        form.Add(bytes, field);
        form.HeaderEncodingSelector = static (_, _) => Encoding.UTF8;
        bytes.Headers.Remove(Disposition);
        bytes.Headers.TryAddWithoutValidation(Disposition, $"form-data; name=\"{field}\"; filename=\"{PlainName(file.FileName)}\"");
        return form;
    }

    // Names in quotes: .NET leaves them out where it may, and not everybody reads that.
    private static StringContent Part(string value, string name) =>
        new(value) { Headers = { ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = $"\"{name}\"" } } };

    // The server takes `filename` as it stands, in UTF-8, and cuts at a semicolon even in quotes. .NET would write it in a code of mail's, which people would then read.
    private static string PlainName(string? name) =>
        string.IsNullOrEmpty(name) ? "file" : string.Concat(name.Select(letter => letter is '"' or ';' or '\\' || char.IsControl(letter) ? '_' : letter));

    private static TelegramCall OfFile(OutboundMessage message, OutboundContent.File file, JsonObject fields, string? parseMode)
    {
        var (method, field) = file.Form switch
        {
            FileForm.Image when IsGif(file) => ("sendAnimation", "animation"),
            FileForm.Image => ("sendPhoto", "photo"),
            FileForm.Video => ("sendVideo", "video"),
            FileForm.Audio => ("sendAudio", "audio"),
            FileForm.Voice => ("sendVoice", "voice"),
            FileForm.Sticker => ("sendSticker", "sticker"),
            _ => ("sendDocument", "document"),
        };
        if (message.Text.Length > 0)
        {
            fields["caption"] = message.Text;
            Mark(fields, parseMode);
        }

        if (file.Url is { } url)
        {
            fields[field] = url;
        }

        return new(method, fields, file.Url is null ? field : null);
    }

    // As a photo it would stand still.
    private static bool IsGif(OutboundContent.File file) => file.Mime is { } mime
        ? mime.StartsWith("image/gif", StringComparison.OrdinalIgnoreCase)
        : Uri.TryCreate(file.Url, UriKind.Absolute, out var address) && address.AbsolutePath.EndsWith(".gif", StringComparison.OrdinalIgnoreCase);

    private static TelegramCall OfPlace(OutboundContent.Place place, JsonObject fields)
    {
        fields["latitude"] = place.Latitude;
        fields["longitude"] = place.Longitude;
        if (place.Name is null && place.Address is null)
        {
            return new("sendLocation", fields);
        }

        // A venue needs both.
        fields["title"] = place.Name ?? place.Address;
        fields["address"] = place.Address ?? place.Name;
        return new("sendVenue", fields);
    }

    private static TelegramCall OfCard(OutboundCard card, JsonObject fields)
    {
        fields["phone_number"] = $"+{card.Phone}";
        fields["first_name"] = card.Name;
        return new("sendContact", fields);
    }

    private static (TelegramCall?, SendOutcome.Refused?) OfReaction(OutboundContent.Reaction reaction, JsonObject fields)
    {
        if (!int.TryParse(reaction.Target, NumberStyles.None, CultureInfo.InvariantCulture, out var target))
        {
            return (null, new("unknown-target", "the message to react to has no number of Telegram's"));
        }

        // The method knows the chat alone.
        fields.Remove("message_thread_id");
        fields.Remove("direct_messages_topic_id");
        fields.Remove("business_connection_id");
        fields["message_id"] = target;

        // It knows ❤ and ✍ without the sign that asks for their picture, with which keyboards write them.
        var emoji = reaction.Emoji.Replace("\uFE0F", "", StringComparison.Ordinal);
        fields["reaction"] = emoji.Length == 0 ? [] : new JsonArray(new JsonObject { ["type"] = "emoji", ["emoji"] = emoji });
        return (new("setMessageReaction", fields), null);
    }

    private static TelegramCall OfChoices(OutboundMessage message, OutboundContent.Interactive interactive, JsonObject fields, string? parseMode)
    {
        var choices = ChoicesOf(interactive);
        fields["text"] = TextOf(interactive, message.Text);
        Mark(fields, parseMode);
        fields["reply_markup"] = new JsonObject
        {
            ["inline_keyboard"] = new JsonArray([.. choices.Select(choice => (JsonNode)new JsonArray(new JsonObject { ["text"] = choice.Title, ["callback_data"] = choice.Id }))]),
        };
        return new("sendMessage", fields);
    }

    private static IReadOnlyList<(string Id, string Title)> ChoicesOf(OutboundContent.Interactive interactive) =>
    [
        .. interactive.Buttons.Select(button => (button.Id, button.Title)),
        .. interactive.Sections.SelectMany(section => section.Rows).Select(row => (row.Id, row.Title)),
    ];

    // A keyboard has no place for a list's headings, nor for what stands below its rows.
    private static string Described(OutboundContent.Interactive interactive) =>
        interactive.Sections.All(section => string.IsNullOrEmpty(section.Title) && section.Rows.All(row => string.IsNullOrEmpty(row.Description))) ? ""
        : string.Join("\n\n", interactive.Sections.Select(section => string.Join('\n', Lines(section))));

    private static IEnumerable<string> Lines(OutboundSection section) =>
        (string.IsNullOrEmpty(section.Title) ? Enumerable.Empty<string>() : [section.Title])
        .Concat(section.Rows.Select(row => string.IsNullOrEmpty(row.Description) ? $"• {row.Title}" : $"• {row.Title}: {row.Description}"));

    private static void Mark(JsonObject fields, string? parseMode)
    {
        if (parseMode is not null)
        {
            fields["parse_mode"] = parseMode;
        }
    }
}
