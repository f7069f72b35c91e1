using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.Waha;

/// <summary>WAHA's id of a message: <c>{true|false}_{chat}_{id}[_{participant}]</c>.</summary>
/// <remarks>
/// Its chat is the one field that names the chat in every engine and direction. Its third part is WhatsApp's own id: the same message has its chat as
/// phone in one event and as hidden id in the next, so nothing else of it is compared. In some fields that third part stands alone.
/// </remarks>
/// <param name="Id">WhatsApp's own id.</param>
/// <param name="FromMe">Whether our side wrote it; null where only the id stands.</param>
/// <param name="Chat">The chat; null where only the id stands.</param>
/// <param name="Participant">Who wrote it, in groups.</param>
internal readonly record struct WahaMessageId(string Id, bool? FromMe, WhatsAppJid? Chat, WhatsAppJid? Participant)
{
    /// <summary>Null when there is none.</summary>
    public static WahaMessageId? Read(JsonElement within, string member)
    {
        var value = within.Member(member);

        // The browser engines' own form.
        return value.IsObject()
            ? Parse(value.Id("_serialized") ?? value.Id("id"))
            : Parse(within.Id(member));
    }

    /// <summary>A message's own id; where WAHA left it out, the engine's, of what it hands on. Null when there is none anywhere.</summary>
    public static WahaMessageId? OfMessage(JsonElement payload)
    {
        var data = payload.Member("_data");
        var (key, info) = (data.Member("key"), data.Member("Info"));
        return Read(payload, "id") ?? Read(data, "id")
            ?? (key.Id("id") is { } baileys ? new(baileys, key.Flag("fromMe"), WhatsAppJid.Parse(key.Text("remoteJid")), WhatsAppJid.Parse(key.Text("participant")))
                : info.Id("ID") is { } whatsmeow ? new(whatsmeow, info.Flag("IsFromMe"), WhatsAppJid.Parse(info.Text("Chat")), null)
                : null);
    }

    /// <summary>Null for no text.</summary>
    public static WahaMessageId? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        bool? fromMe = text.StartsWith("true_", StringComparison.Ordinal) ? true : text.StartsWith("false_", StringComparison.Ordinal) ? false : null;
        var rest = fromMe switch { true => text[5..], false => text[6..], null => text };

        // The chat ends with the first underscore behind its @: old agents' addresses have one before it.
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        var end = fromMe is null || at < 0 ? -1 : rest.IndexOf('_', at);
        if (end < 0 || end == rest.Length - 1)
        {
            return new(text, null, null, null);
        }

        var (id, participant) = Parted(rest[(end + 1)..]);
        return new(id, fromMe, WhatsAppJid.Parse(rest[..end]), WhatsAppJid.Parse(participant));
    }

    /// <summary>The whole id of a message in a chat, as calls want it.</summary>
    public static string Full(bool fromMe, string chat, string id) => $"{(fromMe ? "true" : "false")}_{chat}_{id}";

    private static (string Id, string? Participant) Parted(string rest)
    {
        var underscore = rest.IndexOf('_', StringComparison.Ordinal);
        return underscore <= 0 ? (rest, null) : (rest[..underscore], rest[(underscore + 1)..]);
    }
}
