using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;
using Channels.Core.Text;

namespace Channels.Connectors.Evolution;

/// <summary>Reads contacts, presence and calls: news about people that never start an agent.</summary>
internal static class EvolutionPeopleReader
{
    /// <summary>One contact. Every inbound message also produces one of these, for a group under the name of whoever spoke last.</summary>
    public static ChannelEvent ReadContact(JsonElement item, EvolutionEnvelope envelope)
    {
        if (WhatsAppJid.Parse(item.Filled("remoteJid") ?? item.Text("id")) is not { } jid)
        {
            return envelope.Ignored("a contact without address");
        }

        if (!jid.IsPerson)
        {
            return envelope.Ignored("not a person's contact");
        }

        var contact = new ChannelEvent
        {
            Kind = EventKinds.ContactUpsert,
            Action = EventAction.UpdateContact,
            Account = envelope.Account,
            ChatId = jid.ToString(),
        };
        var name = WhatsAppName.Clean(item.Text("pushName")) ?? WhatsAppName.Clean(item.Text("name")) ?? WhatsAppName.Clean(item.Text("notify"));
        var details = contact.Details.Add("id", jid.ToString()).Add("name", name);
        return (item.Filled("profilePicUrl") ?? item.Filled("profilePictureUrl")) is { } picture
            ? contact with { Details = details.Add("avatar_url", picture) }
            : contact with { Details = details };
    }

    /// <summary>One event per person in the list; in a group that is everyone who types.</summary>
    public static IEnumerable<ChannelEvent> ReadPresence(JsonElement item, EvolutionEnvelope envelope)
    {
        if (WhatsAppJid.Parse(item.Text("id")) is not { } chat || item.Member("presences") is not { ValueKind: JsonValueKind.Object } presences)
        {
            yield return envelope.Ignored("no presence in it");
            yield break;
        }

        foreach (var presence in presences.EnumerateObject())
        {
            yield return new ChannelEvent
            {
                Kind = EventKinds.Presence,
                Action = EventAction.StoreOnly,
                Account = envelope.Account,
                ChatId = chat.ToString(),
                SenderId = WhatsAppJid.Parse(Scrub.Clean(presence.Name))?.ToString(),
                State = presence.Value.Filled("lastKnownPresence"),
            };
        }
    }

    /// <summary>A call that rings or one that is over, by whatever end.</summary>
    public static ChannelEvent ReadCall(JsonElement item, EvolutionEnvelope envelope)
    {
        var status = item.Text("status")?.ToLowerInvariant();
        var kind = status switch
        {
            "offer" => EventKinds.CallOffer,
            "terminate" or "reject" or "timeout" or "accept" => EventKinds.CallEnd,
            _ => null,
        };
        if (kind is null)
        {
            return envelope.Ignored("a call's progress");
        }

        var call = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.StoreOnly,
            Account = envelope.Account,
            ChatId = Caller(item)?.ToString(),
            Timestamp = WhatsAppValues.Time(item.Member("date")),
            State = status,
        };
        var details = call.Details.Add("call_id", item.Id("id")).Add("video", item.Flag("isVideo") ?? false);
        return call with { Details = item.Flag("isGroup") == true ? details.Add("group_call", true) : details };
    }

    private static WhatsAppJid? Caller(JsonElement item)
    {
        var chat = WhatsAppJid.Parse(item.Text("chatId"));
        var from = WhatsAppJid.Parse(item.Text("from"));
        var phone = WhatsAppJid.Parse(item.Filled("callerPn") ?? item.Text("fromAlt"));
        return chat is { IsLid: true } ? new[] { from, phone }.FirstOrDefault(jid => jid is { IsPhone: true }) ?? chat : chat ?? from;
    }
}
