using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>A message's content with its wrappings taken off.</summary>
/// <param name="Leaf">The name of what is inside (<c>conversation, imageMessage</c>…); null when nothing readable is.</param>
/// <param name="Value">The leaf itself.</param>
/// <param name="ViewOnce">One of the wrappings asked that it be seen once.</param>
/// <param name="Inline">The decrypted file in base64, put beside the leaf by the gateway.</param>
/// <param name="MediaUrl">Where the gateway stored the decrypted file.</param>
/// <param name="Transcript">What the gateway heard in a voice message.</param>
/// <param name="Housekeeping">What stood there when there was no leaf.</param>
/// <param name="IsAnotherQuality">It is a picture or film that came already, smaller or larger: WhatsApp sends those of high quality twice, as two messages.</param>
/// <param name="IsEdited">One of the wrappings said that this is what an earlier message says now.</param>
/// <param name="IsStory">One of the wrappings said that it is a story, told to a group.</param>
internal readonly record struct WhatsAppContent(
    string? Leaf,
    JsonElement Value,
    bool ViewOnce,
    JsonElement Inline,
    string? MediaUrl,
    string? Transcript,
    string? Housekeeping,
    bool IsAnotherQuality,
    bool IsEdited,
    bool IsStory);

/// <summary>Takes ephemeral, view-once, with-caption, edited and later wrappings off a message, however many there are.</summary>
/// <remarks>
/// The gateway does not unwrap (2.3 does for captions only). A wrapping is known by its shape, an object that holds a
/// <c>message</c> object, so that tomorrow's wrappings come off as well.
/// </remarks>
internal static class WhatsAppUnwrap
{
    public static WhatsAppContent Open(JsonElement message)
    {
        var content = new WhatsAppContent();
        while (true)
        {
            var found = Look(message, ref content);
            if (found is not { } leaf)
            {
                return content;
            }

            var inner = leaf.Value.Member("message");
            if (!inner.IsObject() || leaf.Name == WhatsAppLeaves.Comment)
            {
                return content with { Leaf = leaf.Name, Value = leaf.Value, ViewOnce = content.ViewOnce || leaf.Value.Flag("viewOnce") == true };
            }

            content = content with
            {
                ViewOnce = content.ViewOnce || leaf.Name.StartsWith("viewOnce", StringComparison.Ordinal),
                IsEdited = content.IsEdited || leaf.Name == "editedMessage",
                IsStory = content.IsStory || leaf.Name.StartsWith("groupStatusMessage", StringComparison.Ordinal),
            };
            message = inner;
        }
    }

    /// <summary>Finds this level's leaf and notes what the gateway put beside it. One pass: a hostile level may have many members.</summary>
    private static (string Name, JsonElement Value)? Look(JsonElement message, ref WhatsAppContent content)
    {
        (string Name, JsonElement Value)? leaf = null;
        var best = 0;
        if (!message.IsObject())
        {
            return null;
        }

        foreach (var member in message.EnumerateObject())
        {
            switch (member.Name)
            {
                case "base64":
                    content = content with { Inline = member.Value };
                    break;
                case "mediaUrl":
                    content = content with { MediaUrl = member.Value.AsText() ?? content.MediaUrl };
                    break;
                case "speechToText":
                    content = content with { Transcript = member.Value.AsText() ?? content.Transcript };
                    break;
                case "messageContextInfo":
                    content = content with
                    {
                        Housekeeping = content.Housekeeping ?? member.Name,
                        IsAnotherQuality = content.IsAnotherQuality || IsAnotherQuality(member.Value.Member("messageAssociation").Member("associationType")),
                    };
                    break;
                case var name when Rank(name, member.Value) is var rank && rank > best:
                    (leaf, best) = ((name, member.Value), rank);
                    break;
            }
        }

        return leaf;
    }

    /// <remarks>Pictures of an album hang together by the same field: those are messages of their own.</remarks>
    private static bool IsAnotherQuality(JsonElement association) => WhatsAppValues.Integer(association) switch
    {
        null => association.AsText() is "HD_VIDEO_DUAL_UPLOAD" or "HD_IMAGE_DUAL_UPLOAD" or "HEVC_VIDEO_DUAL_UPLOAD",
        5 or 10 or 19 => true,
        _ => false,
    };

    /// <summary>
    /// What we can read goes before what we cannot; an empty <c>conversation</c>, a group's key and what a message only refers to go after everything; numbers and
    /// flags are no leaf.
    /// </summary>
    private static int Rank(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object when name is "senderKeyDistributionMessage" or "fastRatchetKeySenderKeyDistributionMessage" || WhatsAppLeaves.IsBesides(name) => 1,
        JsonValueKind.Object => WhatsAppLeaves.Knows(name) || value.Member("message").IsObject() ? 3 : 2,
        JsonValueKind.String when name == "conversation" => value.ValueEquals(""u8) ? 1 : 3,
        JsonValueKind.String => 2,
        _ => 0,
    };
}
