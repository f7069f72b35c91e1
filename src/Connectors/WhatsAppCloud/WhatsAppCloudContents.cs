using System.Globalization;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Writes what a message is, in the object that Meta names as its type.</summary>
internal static class WhatsAppCloudContents
{
    private const int LongestCaption = 1024;
    private const int LongestButtonsBody = 1024;

    /// <summary>The longest text that may go with it, in characters.</summary>
    public static int LongestText(OutboundContent? content, int longestText) => content switch
    {
        OutboundContent.File => LongestCaption,
        OutboundContent.Interactive { Buttons.IsDefaultOrEmpty: false } => LongestButtonsBody,
        _ => longestText,
    };

    public static void Write(Utf8JsonWriter writer, OutboundMessage message, string? mediaId)
    {
        switch (message.Content)
        {
            case null:
                Typed(writer, "text", () =>
                {
                    writer.WriteString("body", message.Text);
                    writer.WriteBoolean("preview_url", message.Text.Contains("://", StringComparison.Ordinal));
                });
                break;
            case OutboundContent.File file:
                WriteFile(writer, file, mediaId, message.Text);
                break;
            case OutboundContent.Place place:
                Typed(writer, "location", () =>
                {
                    // As texts: so Meta's own description of its API has it.
                    writer.WriteString("latitude", place.Latitude.ToString(CultureInfo.InvariantCulture));
                    writer.WriteString("longitude", place.Longitude.ToString(CultureInfo.InvariantCulture));
                    Optional(writer, "name", place.Name);
                    Optional(writer, "address", place.Address);
                });
                break;
            case OutboundContent.Cards cards:
                WriteCards(writer, cards);
                break;
            case OutboundContent.Reaction reaction:
                Typed(writer, "reaction", () =>
                {
                    writer.WriteString("message_id", reaction.Target);
                    writer.WriteString("emoji", reaction.Emoji);
                });
                break;
            case OutboundContent.Template template:
                WriteTemplate(writer, template);
                break;
            case OutboundContent.Interactive interactive:
                WriteInteractive(writer, interactive, message.Text);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message.Content.GetType().Name, null);
        }
    }

    // Sounds and stickers have no caption, which is refused before, and only documents a name.
    private static void WriteFile(Utf8JsonWriter writer, OutboundContent.File file, string? mediaId, string caption)
    {
        var type = file.Form switch
        {
            FileForm.Image => "image",
            FileForm.Video => "video",
            FileForm.Audio or FileForm.Voice => "audio",
            FileForm.Sticker => "sticker",
            _ => "document",
        };
        Typed(writer, type, () =>
        {
            Optional(writer, "id", mediaId);
            Optional(writer, "link", mediaId is null ? file.Url : null);
            Optional(writer, "caption", type is "audio" or "sticker" ? null : caption);
            Optional(writer, "filename", type == "document" ? file.FileName : null);
            if (file.Form == FileForm.Voice)
            {
                writer.WriteBoolean("voice", true);
            }
        });
    }

    private static void WriteCards(Utf8JsonWriter writer, OutboundContent.Cards cards)
    {
        writer.WriteString("type", "contacts");
        writer.WriteStartArray("contacts");
        foreach (var card in cards.Items)
        {
            writer.WriteStartObject();
            Typed(writer, "name", named: false, () =>
            {
                writer.WriteString("formatted_name", card.Name);
                writer.WriteString("first_name", card.Name);
            });
            writer.WriteStartArray("phones");
            writer.WriteStartObject();
            writer.WriteString("phone", $"+{card.Phone}");
            writer.WriteString("wa_id", card.Phone);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTemplate(Utf8JsonWriter writer, OutboundContent.Template template) => Typed(writer, "template", () =>
    {
        writer.WriteString("name", template.Name);
        Typed(writer, "language", named: false, () => writer.WriteString("code", template.Language));
        if (template.ComponentsJson is { } components)
        {
            writer.WritePropertyName("components");
            writer.WriteRawValue(components);
        }
    });

    private static void WriteInteractive(Utf8JsonWriter writer, OutboundContent.Interactive choice, string body) => Typed(writer, "interactive", () =>
    {
        var isList = choice.Buttons.IsDefaultOrEmpty;
        writer.WriteString("type", isList ? "list" : "button");
        if (choice.Header is { Length: > 0 } header)
        {
            Typed(writer, "header", named: false, () =>
            {
                writer.WriteString("type", "text");
                writer.WriteString("text", header);
            });
        }

        Typed(writer, "body", named: false, () => writer.WriteString("text", body));
        if (choice.Footer is { Length: > 0 } footer)
        {
            Typed(writer, "footer", named: false, () => writer.WriteString("text", footer));
        }

        Typed(writer, "action", named: false, () =>
        {
            if (isList)
            {
                WriteSections(writer, choice);
            }
            else
            {
                WriteButtons(writer, choice);
            }
        });
    });

    private static void WriteButtons(Utf8JsonWriter writer, OutboundContent.Interactive choice)
    {
        writer.WriteStartArray("buttons");
        foreach (var button in choice.Buttons)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "reply");
            Typed(writer, "reply", named: false, () =>
            {
                writer.WriteString("id", button.Id);
                writer.WriteString("title", button.Title);
            });
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteSections(Utf8JsonWriter writer, OutboundContent.Interactive choice)
    {
        writer.WriteString("button", choice.ListLabel);
        writer.WriteStartArray("sections");
        foreach (var section in choice.Sections)
        {
            writer.WriteStartObject();
            Optional(writer, "title", section.Title);
            writer.WriteStartArray("rows");
            foreach (var row in section.Rows)
            {
                writer.WriteStartObject();
                writer.WriteString("id", row.Id);
                writer.WriteString("title", row.Title);
                Optional(writer, "description", row.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Typed(Utf8JsonWriter writer, string type, Action members) => Typed(writer, type, named: true, members);

    /// <summary>An object; where it is the message's own, its name is also the message's type.</summary>
    private static void Typed(Utf8JsonWriter writer, string name, bool named, Action members)
    {
        if (named)
        {
            writer.WriteString("type", name);
        }

        writer.WriteStartObject(name);
        members();
        writer.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            writer.WriteString(name, value);
        }
    }
}
