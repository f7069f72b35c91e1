using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Reads edits and deletions of earlier messages, which come under five event names and in three shapes.</summary>
internal static class EvolutionChangeReader
{
    private const int Revoke = 0;
    private const int MessageEdit = 14;

    /// <summary><c>messages.edited</c> and <c>send.message.update</c>: the data is the protocol message, whose key names the original.</summary>
    public static ChannelEvent ReadEdited(JsonElement item, EvolutionEnvelope envelope, bool ours)
    {
        if (!item.IsObject())
        {
            return envelope.Ignored("no data");
        }

        var (protocol, key) = Find(item);
        var parties = FromOurSide(EvolutionParties.Read(key, item), envelope);
        parties = ours ? parties with { FromMe = true } : parties;
        return protocol is { } change ? Read(change, item, envelope, parties)
            : key.Id("id") is { } target && ReadBeside(item.Member("message"), target, item, envelope, parties) is { } edit ? edit
            : envelope.Ignored("no edit in it");
    }

    /// <summary>A protocol message inside a message of its own: that message says who and where, the inner key only which one.</summary>
    public static ChannelEvent ReadWithin(JsonElement protocol, string ownId, JsonElement item, EvolutionEnvelope envelope, EvolutionParties parties)
    {
        var change = Read(protocol, item, envelope, parties);
        return change.MessageId is null ? change with { MessageId = ownId } : change;
    }

    /// <summary>An edit told as a receipt (<c>messages.update</c>): the new content stands beside the original's id.</summary>
    public static ChannelEvent? ReadBeside(JsonElement message, string target, JsonElement item, EvolutionEnvelope envelope, EvolutionParties parties)
    {
        var content = EvolutionUnwrap.Open(message);
        if (content.Leaf == "protocolMessage")
        {
            return Read(content.Value, item, envelope, parties, target);
        }

        return TextOf(content) is { } text ? Edited(text, target, item.Member("timestampMs"), item, envelope, parties) : null;
    }

    /// <summary>A deletion: <c>messages.delete</c>, a receipt with DELETED, or a revoking protocol message.</summary>
    public static ChannelEvent Deleted(string target, EvolutionEnvelope envelope, EvolutionParties parties) =>
        Base(EventKinds.MessageDeleted, target, envelope, parties);

    private static ChannelEvent Read(JsonElement protocol, JsonElement item, EvolutionEnvelope envelope, EvolutionParties parties, string? knownTarget = null)
    {
        var target = protocol.Member("key").Id("id") ?? knownTarget;
        var type = TypeOf(protocol);
        if (target is null || type is not (Revoke or MessageEdit))
        {
            return envelope.Ignored(type is Revoke or MessageEdit ? "a change without the message it changes" : NameOf(protocol));
        }

        if (type == Revoke)
        {
            return Deleted(target, envelope, parties) with { Timestamp = WhatsAppValues.Time(item.Member("messageTimestamp")) };
        }

        var text = TextOf(EvolutionUnwrap.Open(protocol.Member("editedMessage")));
        return Edited(text, target, protocol.Member("timestampMs"), item, envelope, parties);
    }

    private static ChannelEvent Edited(
        string? text, string target, JsonElement milliseconds, JsonElement item, EvolutionEnvelope envelope, EvolutionParties parties) =>
        Base(parties.FromMe ? EventKinds.EchoEdited : EventKinds.MessageEdited, target, envelope, parties) with
        {
            Text = text,
            Timestamp = WhatsAppValues.Time(milliseconds) ?? WhatsAppValues.Time(item.Member("messageTimestamp")),
            Revision = EvolutionRevision.Of(milliseconds, text),
        };

    private static ChannelEvent Base(string kind, string target, EvolutionEnvelope envelope, EvolutionParties parties)
    {
        var change = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.UpdateMessage,
            Account = envelope.Account,
            ChatId = parties.Chat?.ToString(),
            ChatType = parties.Chat?.ChatType,
            FromMe = parties.FromMe,
            TargetMessageId = target,
            SenderId = parties.Sender?.ToString(),
            SenderPn = parties.SenderPhone,
            SenderLid = parties.SenderLid?.ToString(),
        };
        return parties.Chat is { } chat && (chat.IsStatus || chat.IsNewsletter)
            ? change with { Action = EventAction.Ignore, Reason = chat.IsStatus ? "status@broadcast (stories)" : "newsletter" }
            : change;
    }

    /// <summary>The protocol message and the key that says where: the data itself, or a whole message around it.</summary>
    private static (JsonElement? Protocol, JsonElement Key) Find(JsonElement item)
    {
        var around = item.Member("message") is { ValueKind: JsonValueKind.Object } message ? message : item;
        var content = EvolutionUnwrap.Open(around);
        return content.Leaf == "protocolMessage" ? (content.Value, item.Member("key"))
            : item.Member("type").IsNothing() && item.Member("editedMessage").IsNothing() ? (null, item.Member("key"))
            : (item, item.Member("key"));
    }

    /// <summary>
    /// WhatsApp leaves the key of a customer's own edit as the customer sees it: our address as the chat, <c>fromMe</c> true.
    /// Turned round here; the chat is then known by the target message alone.
    /// </summary>
    private static EvolutionParties FromOurSide(EvolutionParties parties, EvolutionEnvelope envelope) =>
        parties.FromMe && parties.Chat is { } chat && chat == envelope.Own
            ? parties with { Chat = null, ChatLid = null, FromMe = false }
            : parties;

    private static string? TextOf(EvolutionContent content) => content.Leaf switch
    {
        null => null,
        "conversation" => content.Value.AsText(),
        _ => content.Value.Filled("text") ?? content.Value.Filled("caption"),
    };

    private static int? TypeOf(JsonElement protocol)
    {
        var type = protocol.Member("type");
        return type.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => protocol.Member("editedMessage").IsObject() ? MessageEdit : OnlyKey(protocol) ? Revoke : null,
            _ when WhatsAppValues.Integer(type) is { } number => number is Revoke or MessageEdit ? (int)number : null,
            _ => type.AsText()?.ToUpperInvariant() switch
            {
                "REVOKE" => Revoke,
                "MESSAGE_EDIT" => MessageEdit,
                _ => null,
            },
        };
    }

    /// <summary>Zero is REVOKE, and some printers leave a zero out.</summary>
    private static bool OnlyKey(JsonElement protocol) =>
        protocol.IsObject() && protocol.EnumerateObject().All(member => member.Name is "key" or "timestampMs" || member.Value.IsNothing());

    private static string NameOf(JsonElement protocol)
    {
        var type = protocol.Member("type");
        return type.AsText() is { Length: > 0 and < 64 } name && name.All(c => char.IsAsciiLetterUpper(c) || c == '_')
            ? $"a setting, not a message ({name})"
            : "a setting, not a message";
    }
}
