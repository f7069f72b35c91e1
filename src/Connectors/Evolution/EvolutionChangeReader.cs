using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Reads edits and deletions of earlier messages, which come under five event names and in three shapes.</summary>
internal static class EvolutionChangeReader
{
    /// <summary><c>messages.edited</c> and <c>send.message.update</c>: the data is the protocol message, whose key names the original.</summary>
    public static ChannelEvent ReadEdited(JsonElement item, EvolutionEnvelope envelope, bool ours)
    {
        if (!item.IsObject())
        {
            return envelope.Ignored("no data");
        }

        var (protocol, key) = Find(item);
        var told = WhatsAppParties.Read(key, item);
        var isMembers = !ours && told is { FromMe: true, Chat.IsGroup: true };
        var isEitherSides = isMembers || (!ours && told is { FromMe: true, Chat.IsLid: true });
        var parties = isMembers ? told with { FromMe = false }
            : isEitherSides ? told with { Chat = null, ChatLid = null, FromMe = false }
            : FromOurSide(told, envelope);
        parties = ours ? parties with { FromMe = true } : parties;
        var edit = protocol is { } change ? Read(WhatsAppChange.Read(change), item, envelope, parties)
            : key.Id("id") is { } target ? ReadBeside(item.Member("message"), target, item, envelope, parties)
            : null;

        // Nobody tells us our own hidden id: this key is that of our edit, or of the customer's as they see it. The message it names tells the chat.
        // In a group it is likewise that of our edit or of any member's, and the chat is the same to all.
        edit = isEitherSides && edit is not null ? edit with { FromMe = null } : edit;
        return edit ?? envelope.Ignored("no edit in it");
    }

    /// <summary>A change inside a message of its own: that message says who and where, the inner key only which one.</summary>
    public static ChannelEvent ReadWithin(WhatsAppChange change, string ownId, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties)
    {
        var told = Read(change, item, envelope, parties);
        return told.MessageId is null ? told with { MessageId = ownId } : told;
    }

    /// <summary>An edit told as a receipt (<c>messages.update</c>): the new content stands beside the original's id.</summary>
    public static ChannelEvent? ReadBeside(JsonElement message, string target, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties)
    {
        var content = WhatsAppUnwrap.Open(message);
        if (WhatsAppChange.In(content) is { } change)
        {
            return Read(change, item, envelope, parties, target);
        }

        return WhatsAppChange.TextOf(content) is { } text ? Edited(text, target, item.Member("timestampMs"), item, envelope, parties) : null;
    }

    /// <summary>A deletion: <c>messages.delete</c>, a receipt with DELETED, or a revoking protocol message.</summary>
    public static ChannelEvent Deleted(string target, EvolutionEnvelope envelope, WhatsAppParties parties) =>
        Base(EventKinds.MessageDeleted, target, envelope, parties);

    private static ChannelEvent Read(WhatsAppChange change, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties, string? knownTarget = null)
    {
        var target = change.Target ?? knownTarget;
        if (target is null || change.Type == WhatsAppChangeType.Other)
        {
            return envelope.Ignored(change.Type == WhatsAppChangeType.Other ? change.Name : WhatsAppChange.WithoutTarget);
        }

        return change.Type == WhatsAppChangeType.Revoke
            ? Deleted(target, envelope, parties) with { Timestamp = WhatsAppValues.Time(item.Member("messageTimestamp")) }
            : Edited(change.Text, target, change.Milliseconds, item, envelope, parties);
    }

    private static ChannelEvent Edited(
        string? text, string target, JsonElement milliseconds, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties) =>
        Base(parties.FromMe ? EventKinds.EchoEdited : EventKinds.MessageEdited, target, envelope, parties) with
        {
            Text = text,
            Timestamp = WhatsAppValues.Time(milliseconds) ?? WhatsAppValues.Time(item.Member("messageTimestamp")),
            Revision = WhatsAppRevision.Of(milliseconds, text),
        };

    private static ChannelEvent Base(string kind, string target, EvolutionEnvelope envelope, WhatsAppParties parties) =>
        parties.Change(kind, target, envelope.Account, EvolutionEnvelope.Stories);

    /// <summary>The protocol message and the key that says where: the data itself, or a whole message around it.</summary>
    private static (JsonElement? Protocol, JsonElement Key) Find(JsonElement item)
    {
        var around = item.Member("message") is { ValueKind: JsonValueKind.Object } message ? message : item;
        var content = WhatsAppUnwrap.Open(around);
        return content.Leaf == "protocolMessage" ? (content.Value, item.Member("key"))
            : item.Member("type").IsNothing() && item.Member("editedMessage").IsNothing() ? (null, item.Member("key"))
            : (item, item.Member("key"));
    }

    /// <summary>
    /// WhatsApp leaves the key of a customer's own edit as the customer sees it: our address as the chat, <c>fromMe</c> true.
    /// Turned round here; the chat is then known by the target message alone.
    /// </summary>
    private static WhatsAppParties FromOurSide(WhatsAppParties parties, EvolutionEnvelope envelope) =>
        parties.FromMe && parties.Chat is { } chat && chat == envelope.Own
            ? parties with { Chat = null, ChatLid = null, FromMe = false }
            : parties;
}
