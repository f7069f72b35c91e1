using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Channels.Core.Events;

namespace Channels.Core.Connectors;

/// <summary>The JSON of outbound content: whole, as the outbox keeps it, and as the transcript shows it.</summary>
public static class OutboundContentJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // The store keeps the members in an order of its own, and what it is need not come first.
        AllowOutOfOrderMetadataProperties = true,
    };

    /// <summary>The whole of it; null for plain text.</summary>
    public static string? Write(OutboundContent? content) => content is null ? null : JsonSerializer.Serialize(content, _options);

    /// <summary>What <see cref="Write"/> wrote, its members in whatever order.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    /// <exception cref="NotSupportedException">It does not say what it is.</exception>
    public static OutboundContent? Read(string? json) => json is null ? null : JsonSerializer.Deserialize<OutboundContent>(json, _options);

    /// <summary>What a message with this content is called in the transcript. Templates and choices are texts with something beside them.</summary>
    public static string KindOf(OutboundContent? content) => content switch
    {
        OutboundContent.File { Form: FileForm.Image } => EventKinds.MessageImage,
        OutboundContent.File { Form: FileForm.Video } => EventKinds.MessageVideo,
        OutboundContent.File { Form: FileForm.Audio } => EventKinds.MessageAudio,
        OutboundContent.File { Form: FileForm.Voice } => EventKinds.MessageVoice,
        OutboundContent.File { Form: FileForm.Sticker } => EventKinds.MessageSticker,
        OutboundContent.File => EventKinds.MessageDocument,
        OutboundContent.Place => EventKinds.MessageLocation,
        OutboundContent.Cards => EventKinds.MessageContact,
        OutboundContent.Reaction => EventKinds.MessageReaction,
        _ => EventKinds.MessageText,
    };

    /// <summary>What stands beside the message in the transcript, under the vocabulary's names where it has one; null for plain text that answers nothing.</summary>
    public static string? DetailsOf(OutboundContent? content, string? replyTo)
    {
        var details = content switch
        {
            OutboundContent.File file => FileDetails(file),
            OutboundContent.Place place => new JsonObject { ["location"] = Filled(("lat", place.Latitude), ("lon", place.Longitude), ("name", place.Name), ("address", place.Address)) },
            OutboundContent.Cards cards => new JsonObject { ["contacts"] = new JsonArray([.. cards.Items.Select(card => Filled(("name", card.Name), ("phone", card.Phone)))]) },
            OutboundContent.Reaction reaction => ReactionDetails(reaction),
            OutboundContent.Template template => new JsonObject { ["template"] = Filled(("name", template.Name), ("language", template.Language)) },
            OutboundContent.Interactive interactive => new JsonObject { ["options"] = new JsonArray([.. TitlesOf(interactive)]) },
            _ => [],
        };
        if (replyTo is not null)
        {
            details["reply_to"] = replyTo;
        }

        return details.Count == 0 ? null : details.ToJsonString();
    }

    private static JsonObject FileDetails(OutboundContent.File file)
    {
        var details = new JsonObject { ["media"] = Filled(("mime", file.Mime), ("filename", file.FileName), ("url", file.Url)) };
        if (file.Reference is not null)
        {
            details["media_id"] = file.Reference;
        }

        return details;
    }

    private static JsonObject ReactionDetails(OutboundContent.Reaction reaction)
    {
        var details = new JsonObject { ["target_message_id"] = reaction.Target, ["emoji"] = reaction.Emoji };
        if (reaction.Emoji.Length == 0)
        {
            details["removed"] = true;
        }

        return details;
    }

    private static IEnumerable<JsonNode> TitlesOf(OutboundContent.Interactive interactive) =>
        interactive.Buttons.Select(button => button.Title)
            .Concat(interactive.Sections.SelectMany(section => section.Rows).Select(row => row.Title))
            .Select(title => (JsonNode)JsonValue.Create(title));

    private static JsonObject Filled(params ReadOnlySpan<(string Name, JsonNode? Value)> members)
    {
        var filled = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (value is not null)
            {
                filled[name] = value;
            }
        }

        return filled;
    }
}
