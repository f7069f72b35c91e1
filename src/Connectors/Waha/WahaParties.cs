using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.Waha;

/// <summary>Reads who speaks to whom. Every engine fills other fields; whatever gives the phone of a hidden id wins, and both are kept.</summary>
/// <remarks>
/// <c>from</c> is the chat, except for our own messages in the browser engines, where it is us and <c>to</c> is the chat. NOWEB has the other address in
/// <c>_data.key.…Alt</c>, GOWS in <c>_data.Info.SenderAlt</c> and, for our own messages, <c>RecipientAlt</c>. Its receipts have the
/// same members without <c>Info</c> around them. Empty texts are normal.
/// </remarks>
internal static class WahaParties
{
    public static WhatsAppParties Read(JsonElement payload, WahaMessageId? id, WahaEnvelope envelope) => Read(payload, payload.Member("_data"), id, envelope);

    /// <summary>The same where the engine's own account of it stands elsewhere.</summary>
    public static WhatsAppParties Read(JsonElement payload, JsonElement data, WahaMessageId? id, WahaEnvelope envelope)
    {
        var info = InfoOf(data);
        var fromMe = payload.Flag("fromMe") ?? id?.FromMe ?? false;
        var mode = data.Member("key").Filled("addressingMode") ?? info.Filled("AddressingMode");
        var chat = id?.Chat ?? ChatOf(payload, fromMe, envelope);
        if (chat is { IsPerson: false } room)
        {
            var speaker = fromMe || room.IsNewsletter ? default : Participant(payload, id, data, info);

            // Engines that do not say how the group knows its members show it in the message's own id.
            return new(room, null, speaker.Phone ?? speaker.Lid, speaker.Lid, fromMe, mode ?? (!fromMe && id?.Participant is { IsLid: true } ? "lid" : null));
        }

        var person = Person(payload, chat, data, info, fromMe, envelope);
        var found = person.Phone ?? person.Lid;
        return fromMe ? new(found, person.Lid, null, null, true, mode) : new(found, person.Lid, found, person.Lid, false, mode);
    }

    /// <summary>An address as text, or in the browser engines' own form.</summary>
    public static WhatsAppJid? Jid(JsonElement within, string member)
    {
        var value = within.Member(member);
        return WhatsAppJid.Parse(value.IsObject() ? value.Text("_serialized") : value.AsText());
    }

    /// <summary>Who and where on GOWS: of a message <c>Info</c>; a receipt has no other content, and is it itself. Nothing in other engines.</summary>
    private static JsonElement InfoOf(JsonElement data) =>
        data.Member("Info") is { ValueKind: JsonValueKind.Object } info ? info : IsReceipt(data) ? data : default;

    /// <summary>Whether this is GOWS's receipt: of one device, which <c>Sender</c> names.</summary>
    public static bool IsReceipt(JsonElement data) => data.Member("MessageIDs").IsArray();

    private static WhatsAppJid? ChatOf(JsonElement payload, bool fromMe, WahaEnvelope envelope)
    {
        // Of what was taken back WPP tells the key alone.
        var (from, to) = (Jid(payload, "from") ?? Jid(payload, "remoteJid"), Jid(payload, "to"));
        return fromMe && to is { } addressed && !envelope.IsOwn(addressed) ? addressed : from;
    }

    private static WhatsAppParties.Identities Person(
        JsonElement payload, WhatsAppJid? chat, JsonElement data, JsonElement info, bool fromMe, WahaEnvelope envelope)
    {
        var found = new WhatsAppParties.Identities();
        found.Add(chat);
        var key = WhatsAppParties.Read(data.Member("key"), data);

        // One of the two is us, whom nothing else may tell: the browser engines leave out who we are until they know.
        var to = fromMe ? Jid(payload, "to") : null;

        // The receipt for our own message was sent by the other side.
        var byUs = info.Flag("IsFromMe") ?? fromMe;
        foreach (var other in (ReadOnlySpan<WhatsAppJid?>)
                 [
                     key.Chat, key.ChatLid, Jid(info, "Chat"), Jid(info, byUs ? "RecipientAlt" : "SenderAlt"), byUs ? null : Jid(info, "Sender"),
                     to ?? Jid(payload, "from"),
                 ])
        {
            // Some of these fields name us in some engine.
            if (other is { } jid && !envelope.IsOwn(jid))
            {
                found.Add(jid);
            }
        }

        return found;
    }

    private static WhatsAppParties.Identities Participant(JsonElement payload, WahaMessageId? id, JsonElement data, JsonElement info)
    {
        var found = new WhatsAppParties.Identities();
        found.Add(Jid(payload, "participant"));
        found.Add(id?.Participant);
        var key = WhatsAppParties.Read(data.Member("key"), data);
        found.Add(key.Sender);
        found.Add(key.SenderLid);
        found.Add(Jid(info, "Sender"));
        found.Add(Jid(info, "SenderAlt"));
        found.Add(Jid(data, "author"));

        // Of a vote there is nothing else; of a message this is the room, and no person.
        found.Add(Jid(payload, "from"));
        return found;
    }
}
