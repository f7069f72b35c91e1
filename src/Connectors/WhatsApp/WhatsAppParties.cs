using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>Who speaks to whom, as Baileys tells it in a message's <c>key</c>: the chat and the sender, each by phone and by hidden id where known.</summary>
/// <remarks>
/// The same person comes as <c>@lid</c> with the phone beside it (2.3.6: <c>remoteJidAlt</c>; 2.0 to 2.2: <c>senderPn</c>), as the phone
/// with the LID lost (2.3.7), or with the server part cut off (2.4.0-rc2). Whatever gives the phone wins; both ids are kept.
/// </remarks>
internal readonly record struct WhatsAppParties(
    WhatsAppJid? Chat, WhatsAppJid? ChatLid, WhatsAppJid? Sender, WhatsAppJid? SenderLid, bool FromMe, string? AddressingMode)
{
    public string? SenderPhone => Sender?.Phone;

    /// <param name="key">Where jids stand: the <c>key</c>, or the item itself in events without one.</param>
    /// <param name="item">What surrounds the key; some versions put the participant there.</param>
    public static WhatsAppParties Read(JsonElement key, JsonElement item)
    {
        var fromMe = key.Flag("fromMe") ?? false;
        var mode = key.Filled("addressingMode");
        var hidden = mode == "lid";
        var remote = WhatsAppJid.Parse(key.Text("remoteJid"), hidden ? BareJid.Lid : BareJid.Phone);
        if (remote is { IsPerson: false } room)
        {
            var speaker = fromMe || room.IsNewsletter ? default : Participant(key, item, hidden);
            return new(room, null, speaker.Phone ?? speaker.Lid, speaker.Lid, fromMe, mode);
        }

        var (phone, lid) = Person(key, remote, hidden, fromMe);
        var chat = phone ?? lid;
        return fromMe ? new(chat, lid, null, null, true, mode) : new(chat, lid, chat, lid, false, mode);
    }

    private static (WhatsAppJid? Phone, WhatsAppJid? Lid) Person(JsonElement key, WhatsAppJid? remote, bool hidden, bool fromMe)
    {
        var found = new Identities();
        found.Add(remote);
        found.Add(WhatsAppJid.Parse(key.Text("remoteJidAlt"), hidden ? BareJid.Phone : BareJid.Lid));
        found.Add(WhatsAppJid.Parse(key.Text("previousRemoteJid"), BareJid.Lid));
        if (!fromMe)
        {
            // In our own messages these two name ourselves, not the chat.
            found.Add(WhatsAppJid.Parse(key.Text("senderPn")));
            found.Add(WhatsAppJid.Parse(key.Text("senderLid"), BareJid.Lid));
        }

        return (found.Phone, found.Lid);
    }

    private static (WhatsAppJid? Phone, WhatsAppJid? Lid) Participant(JsonElement key, JsonElement item, bool hidden)
    {
        var found = new Identities();
        found.Add(WhatsAppJid.Parse(key.Filled("participant") ?? item.Text("participant"), hidden ? BareJid.Lid : BareJid.Phone));
        found.Add(WhatsAppJid.Parse(key.Filled("participantAlt") ?? item.Text("participantAlt"), hidden ? BareJid.Phone : BareJid.Lid));
        found.Add(WhatsAppJid.Parse(key.Filled("participantPn") ?? key.Text("senderPn")));
        found.Add(WhatsAppJid.Parse(key.Filled("participantLid") ?? key.Text("senderLid"), BareJid.Lid));
        return (found.Phone, found.Lid);
    }

    /// <summary>The first phone and the first hidden id among several fields.</summary>
    internal struct Identities
    {
        public WhatsAppJid? Phone { get; private set; }

        public WhatsAppJid? Lid { get; private set; }

        public void Add(WhatsAppJid? jid)
        {
            if (jid is { IsPhone: true })
            {
                Phone ??= jid;
            }
            else if (jid is { IsLid: true })
            {
                Lid ??= jid;
            }
        }
    }
}
