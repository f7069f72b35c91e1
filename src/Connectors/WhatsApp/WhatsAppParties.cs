using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

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

    /// <summary>A message between them with everything but its content; <see cref="Chat"/> must be known.</summary>
    /// <param name="account">Our side's name at the gateway.</param>
    /// <param name="id">WhatsApp's id of the message.</param>
    /// <param name="at">When it was sent.</param>
    /// <param name="name">The sender's name as the gateway gives it.</param>
    public ChannelEvent Message(string? account, string id, DateTimeOffset? at, string? name) => new()
    {
        Kind = EventKinds.MessageUnsupported,
        Action = EventAction.Process,
        Account = account,
        ChatId = Chat?.ToString(),
        ChatType = Chat?.ChatType,
        MessageId = id,
        FromMe = FromMe,
        Timestamp = at,
        SenderId = Sender?.ToString(),
        SenderPn = SenderPhone,
        SenderLid = SenderLid?.ToString(),
        SenderName = FromMe ? null : WhatsAppName.Clean(name),
        Details = Details(),
    };

    /// <summary>A change of an earlier message between them. In stories and newsletters it is ignored.</summary>
    /// <param name="kind">Edited or deleted.</param>
    /// <param name="target">Id of the message it changes.</param>
    /// <param name="account">Our side's name at the gateway.</param>
    /// <param name="stories">Why a story is ignored, in the words of its kind.</param>
    public ChannelEvent Change(string kind, string target, string? account, string stories)
    {
        var change = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.UpdateMessage,
            Account = account,
            ChatId = Chat?.ToString(),
            ChatType = Chat?.ChatType,
            FromMe = FromMe,
            TargetMessageId = target,
            SenderId = Sender?.ToString(),
            SenderPn = SenderPhone,
            SenderLid = SenderLid?.ToString(),
        };
        return Chat is { } chat && (chat.IsStatus || chat.IsNewsletter)
            ? change with { Action = EventAction.Ignore, Reason = chat.IsStatus ? stories : "newsletter" }
            : change;
    }

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

    private ImmutableDictionary<string, object?> Details()
    {
        var details = ImmutableDictionary<string, object?>.Empty;
        if (AddressingMode is { } mode)
        {
            details = details.Add("addressing_mode", mode);
        }

        // Of a received message the sender's ids already say who the chat is; of our own only this does.
        return this is { FromMe: true, Chat.IsPhone: true, ChatLid: { } lid } ? details.Add("chat_lid", lid.ToString()) : details;
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
