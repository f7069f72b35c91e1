using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads presence and calls: news about people that never start an agent.</summary>
internal static class WahaPeopleReader
{
    /// <summary>One event per person in the list; in a group that is everyone who types.</summary>
    public static IEnumerable<ChannelEvent> ReadPresence(WahaEnvelope envelope)
    {
        if (WahaParties.Jid(envelope.Payload, "id") is not { } chat || envelope.Payload.Member("presences") is not { ValueKind: JsonValueKind.Array } presences)
        {
            yield return envelope.Ignored("no presence in it");
            yield break;
        }

        foreach (var presence in presences.EnumerateArray())
        {
            yield return new ChannelEvent
            {
                Kind = EventKinds.Presence,
                Action = EventAction.StoreOnly,
                Account = envelope.Account,
                ChatId = chat.ToString(),
                SenderId = WahaParties.Jid(presence, "participant")?.ToString(),
                State = WordOf(presence.Filled("lastKnownPresence")),
            };
        }
    }

    /// <summary>A call that rings or one that is over, by whatever end.</summary>
    public static ChannelEvent ReadCall(WahaEnvelope envelope, string kind, string state)
    {
        var payload = envelope.Payload;
        var call = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.StoreOnly,
            Account = envelope.Account,
            ChatId = Caller(payload)?.ToString(),
            Timestamp = WhatsAppValues.Time(payload.Member("timestamp")) ?? WhatsAppValues.Time(payload.Member("_data").Member("date")),
            State = state,
        };
        var details = call.Details.Add("call_id", payload.Id("id") ?? payload.Member("_data").Id("id")).Add("video", payload.Flag("isVideo") ?? false);
        return call with { Details = payload.Flag("isGroup") == true ? details.Add("group_call", true) : details };
    }

    /// <summary>Who calls, by phone where any field has it.</summary>
    private static WhatsAppJid? Caller(JsonElement payload)
    {
        var data = payload.Member("_data");
        WhatsAppJid?[] named =
        [
            WahaParties.Jid(payload, "from"), WahaParties.Jid(data, "callerPn"), WahaParties.Jid(data, "CallCreatorAlt"), WahaParties.Jid(data, "from"), WahaParties.Jid(data, "chatId"),
        ];
        return named.FirstOrDefault(jid => jid is { IsPhone: true }) ?? named.FirstOrDefault(jid => jid is not null);
    }

    /// <summary>WhatsApp's own words for WAHA's.</summary>
    private static string? WordOf(string? presence) => presence switch
    {
        "typing" => "composing",
        "online" => "available",
        "offline" => "unavailable",
        _ => presence,
    };
}
