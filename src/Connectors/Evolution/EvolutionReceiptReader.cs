using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Reads <c>messages.update</c> (receipts, and three things that hide among them) and <c>messages.delete</c>.</summary>
internal static class EvolutionReceiptReader
{
    private const string Erased = "DELETED";

    public static ChannelEvent ReadUpdate(JsonElement item, EvolutionEnvelope envelope)
    {
        if (!item.IsObject())
        {
            return envelope.Ignored("no data");
        }

        var key = KeyOf(item);
        var parties = WhatsAppParties.Read(key, item);

        // keyId is WhatsApp's id; messageId is the gateway's own row, useless to us. 1.8 has neither, there id is WhatsApp's.
        if ((item.Id("keyId") ?? key.Id("id")) is not { } id)
        {
            return envelope.Ignored("a receipt without message id");
        }

        var update = item.Member("update") is { ValueKind: JsonValueKind.Object } inner ? inner : item;
        var status = StatusOf(update.Member("status"));
        if (IsOfMeta(status, id))
        {
            parties = parties with { FromMe = true };
        }

        if (EvolutionVoteReader.IsVote(update))
        {
            return EvolutionVoteReader.Read(update, status, id, item, envelope, parties);
        }

        if (status is null or "SERVER_ACK" or Erased && EditIn(update, id, item, envelope, parties) is { } edit)
        {
            // The gateway gives edits the status SERVER_ACK or DELETED because it has no other: what counts is that content came along.
            return edit;
        }

        // 2.3.0 to 2.3.4 say DELETED of every change they have no status for, edits among them; of a deletion they tell as messages.delete besides.
        return status == Erased
            ? EvolutionChangeReader.Deleted(id, envelope, parties) with { MayBeAnEdit = true }
            : Receipt(status, id, item, envelope, parties);
    }

    public static ChannelEvent ReadDelete(JsonElement item, EvolutionEnvelope envelope)
    {
        var key = KeyOf(item);
        return (item.Id("keyId") ?? key.Id("id")) is { } id
            ? EvolutionChangeReader.Deleted(id, envelope, WhatsAppParties.Read(key, item))
            : envelope.Ignored("a deletion without message id");
    }

    /// <summary>
    /// An instance of Meta's Cloud API passes on Meta's statuses, which are about messages of ours alone. Its <c>fromMe</c> compares a person's number with
    /// an id of ours and is never true.
    /// </summary>
    private static bool IsOfMeta(string? status, string id) => status is "SENT" or "DELIVERED" or "FAILED" || id.StartsWith("wamid.", StringComparison.Ordinal);

    private static JsonElement KeyOf(JsonElement item) => item.Member("key") is { ValueKind: JsonValueKind.Object } key ? key : item;

    private static ChannelEvent? EditIn(JsonElement update, string id, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties) =>
        update.Member("message") is { ValueKind: JsonValueKind.Object } message && !IsFetchedAgain(WhatsAppUnwrap.Open(message))
            ? EvolutionChangeReader.ReadBeside(message, id, item, envelope, parties)
            : null;

    // 2.3.7 and later tell of a file that was asked for again by handing on its whole old message: the caption in it is no news.
    private static bool IsFetchedAgain(WhatsAppContent content) =>
        !content.IsEdited && content.Leaf is not (null or "conversation" or "extendedTextMessage") && WhatsAppChange.In(content) is null;

    private static ChannelEvent Receipt(string? status, string id, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties)
    {
        if (KindOf(status) is not { } kind)
        {
            return envelope.Ignored(status == "PENDING" ? "not sent yet" : "a receipt we do not know");
        }

        var participant = parties.Chat is { IsPerson: false } ? Participant(item) : null;
        var receipt = new ChannelEvent
        {
            Kind = kind,
            Action = EventAction.UpdateDelivery,
            Account = envelope.Account,
            ChatId = parties.Chat?.ToString(),
            MessageId = id,
            FromMe = parties.FromMe,

            // Only 1.8 says when. date_time of the body is local time with a false Z and is of no use.
            Timestamp = WhatsAppValues.Time(item.Member("datetime")),
            Revision = participant ?? "",
        };
        if (participant is not null)
        {
            receipt = receipt with { Details = receipt.Details.Add("participant_id", participant) };
        }

        return parties.FromMe ? receipt : receipt with { Action = EventAction.Ignore, Reason = "our own reading of a received message" };
    }

    private static string? Participant(JsonElement item)
    {
        var key = KeyOf(item);
        return (WhatsAppJid.Parse(key.Filled("participantAlt")) is { IsPhone: true } phone
            ? phone
            : WhatsAppJid.Parse(key.Filled("participant") ?? item.Filled("participant")))?.ToString();
    }

    private static string? KindOf(string? status) => status switch
    {
        "ERROR" or "FAILED" => EventKinds.StatusFailed,
        "SERVER_ACK" or "SENT" => EventKinds.StatusSent,
        "DELIVERY_ACK" or "DELIVERED" => EventKinds.StatusDelivered,
        "READ" => EventKinds.StatusRead,
        "PLAYED" => EventKinds.StatusPlayed,
        _ => null,
    };

    /// <summary>The status by name; null when there is none.</summary>
    private static string? StatusOf(JsonElement status) => WhatsAppValues.Integer(status) switch
    {
        null => status.AsText()?.Trim().ToUpperInvariant(),
        0 => "ERROR",
        1 => "PENDING",
        2 => "SERVER_ACK",
        3 => "DELIVERY_ACK",
        4 => "READ",
        5 => "PLAYED",
        _ => "",
    };
}
