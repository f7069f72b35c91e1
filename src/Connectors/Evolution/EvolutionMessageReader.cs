using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Which way a message came to us.</summary>
internal enum EvolutionOrigin
{
    /// <summary><c>messages.upsert</c>: from a customer, or from a person of ours on the phone.</summary>
    Arrived,

    /// <summary><c>send.message</c>: sent over the gateway's API, by us or by another program.</summary>
    ApiSend,

    /// <summary><c>messages.set</c>: the past, told at pairing.</summary>
    History,
}

/// <summary>Turns one message item (<c>key</c> and <c>message</c>) into one event.</summary>
internal static class EvolutionMessageReader
{
    public static ChannelEvent Read(JsonElement item, EvolutionEnvelope envelope, EvolutionOrigin origin)
    {
        if (!item.IsObject())
        {
            return envelope.Ignored(item.IsNothing() ? "no data" : "the message is no object");
        }

        var key = item.Member("key") is { ValueKind: JsonValueKind.Object } own ? own : item;
        var parties = EvolutionParties.Read(key, item);
        if (origin == EvolutionOrigin.ApiSend)
        {
            parties = parties with { FromMe = true, Sender = null, SenderLid = null };
        }

        if (key.Id("id") is not { } id || parties.Chat is not { } chat)
        {
            return envelope.Ignored("no message id or no chat");
        }

        var content = EvolutionUnwrap.Open(item.Member("message"));
        if (content.Leaf is null)
        {
            return envelope.Ignored(Unreadable(item, content)) with { MessageId = id, ChatId = chat.ToString(), FromMe = parties.FromMe };
        }

        if (content.Leaf == "protocolMessage")
        {
            return EvolutionChangeReader.ReadWithin(content.Value, id, item, envelope, parties);
        }

        var message = EvolutionContentReader.Read(Bare(item, id, chat, envelope, parties), content, item, envelope, parties);
        return EvolutionPlacing.Place(message, chat, origin);
    }

    /// <summary>The message with everything but its content.</summary>
    private static ChannelEvent Bare(JsonElement item, string id, WhatsAppJid chat, EvolutionEnvelope envelope, EvolutionParties parties)
    {
        return new ChannelEvent
        {
            Kind = EventKinds.MessageUnsupported,
            Action = EventAction.Process,
            Account = envelope.Account,
            ChatId = chat.ToString(),
            ChatType = chat.ChatType,
            MessageId = id,
            FromMe = parties.FromMe,
            Timestamp = WhatsAppValues.Time(item.Member("messageTimestamp")),
            SenderId = parties.Sender?.ToString(),
            SenderPn = parties.SenderPhone,
            SenderLid = parties.SenderLid?.ToString(),
            SenderName = parties.FromMe ? null : WhatsAppName.Clean(item.Text("pushName")),
            Details = Details(parties),
        };
    }

    private static ImmutableDictionary<string, object?> Details(EvolutionParties parties)
    {
        var details = ImmutableDictionary<string, object?>.Empty;
        if (parties.AddressingMode is { } mode)
        {
            details = details.Add("addressing_mode", mode);
        }

        // Of a received message the sender's ids already say who the chat is; of our own only this does.
        return parties is { FromMe: true, Chat.IsPhone: true, ChatLid: { } lid } ? details.Add("chat_lid", lid.ToString()) : details;
    }

    private static string Unreadable(JsonElement item, EvolutionContent content) => content.Housekeeping switch
    {
        { } name => $"only {name}",
        null when !item.Member("messageStubType").IsNothing() => "a note of WhatsApp's own, not a message",
        null => "nothing readable in the message",
    };
}
