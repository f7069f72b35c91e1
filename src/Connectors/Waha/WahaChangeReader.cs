using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads edits and deletions of earlier messages.</summary>
internal static class WahaChangeReader
{
    /// <summary><c>message.edited</c>: a message of its own that says what the earlier one reads now. The text is missing where the engine could not decrypt it.</summary>
    public static ChannelEvent ReadEdited(WahaEnvelope envelope)
    {
        var payload = envelope.Payload;
        var id = WahaMessageId.Read(payload, "id");
        var content = WahaContent.Of(payload);
        var change = WhatsAppChange.In(content) ?? default;

        if ((WahaMessageId.Read(payload, "editedMessageId")?.Id ?? change.Target ?? id?.Id) is not { } target)
        {
            return envelope.Ignored(WhatsAppChange.WithoutTarget);
        }

        var milliseconds = change.Milliseconds.IsNothing() ? EditedAt(payload.Member("_data")) : change.Milliseconds;
        var edited = Edited(
            payload.Filled("body") ?? change.Text ?? WhatsAppChange.TextOf(content), target, id?.Id, milliseconds, envelope, WahaParties.Read(payload, id, envelope));

        // In the browser engines an edited message keeps its id, and its time: when it was edited stands apart, or is when it was told.
        return target == id?.Id || edited.Timestamp is null
            ? edited with { ChangedAt = WhatsAppValues.Time(milliseconds) ?? WhatsAppValues.Time(envelope.Milliseconds) }
            : edited;
    }

    /// <summary><c>message.revoked</c>: the message that takes back, and the one taken back where the engine kept it.</summary>
    public static ChannelEvent ReadRevoked(WahaEnvelope envelope)
    {
        var (after, before) = (envelope.Payload.Member("after"), envelope.Payload.Member("before"));
        var told = after.IsObject() ? after : before;
        var id = WahaMessageId.Read(told, "id");
        var content = WahaContent.Of(after);
        var change = content.Leaf == "protocolMessage" ? WhatsAppChange.Read(content.Value) : default;
        var target = WahaMessageId.Read(envelope.Payload, "revokedMessageId")?.Id ?? change.Target ?? WahaMessageId.Read(before, "id")?.Id ?? id?.Id;
        return target is null
            ? envelope.Ignored(WhatsAppChange.WithoutTarget)
            : Deleted(target, id?.Id, envelope, WahaParties.Read(told, id, envelope)) with { Timestamp = WahaMessageReader.TimeOf(told) };
    }

    /// <summary>The same, told as one more message.</summary>
    public static ChannelEvent ReadWithin(WhatsAppChange change, WahaMessageId id, WahaEnvelope envelope, WhatsAppParties parties) => (change.Type, change.Target) switch
    {
        (WhatsAppChangeType.Other, _) => envelope.Ignored(change.Name) with { MessageId = id.Id },
        (_, null) => envelope.Ignored(WhatsAppChange.WithoutTarget) with { MessageId = id.Id },
        (WhatsAppChangeType.Revoke, { } target) => Deleted(target, id.Id, envelope, parties) with { Timestamp = WahaMessageReader.TimeOf(envelope.Payload) },
        (_, { } target) => Edited(envelope.Payload.Filled("body") ?? change.Text, target, id.Id, change.Milliseconds, envelope, parties),
    };

    /// <summary>When the latest edit was made, as WhatsApp Web keeps it: with the message, which the browser engines put beside old and new words.</summary>
    private static JsonElement EditedAt(JsonElement data)
    {
        const string name = "latestEditSenderTimestampMs";
        var message = data.Member("message");
        var kept = message.Member("_data").Member(name);
        return !kept.IsNothing() ? kept : message.Member(name) is var own && !own.IsNothing() ? own : data.Member(name);
    }

    private static ChannelEvent Deleted(string target, string? ownId, WahaEnvelope envelope, WhatsAppParties parties) =>
        parties.Change(EventKinds.MessageDeleted, target, envelope.Account, WahaEnvelope.Stories) with { MessageId = ownId };

    private static ChannelEvent Edited(string? text, string target, string? ownId, JsonElement milliseconds, WahaEnvelope envelope, WhatsAppParties parties) =>
        parties.Change(parties.FromMe ? EventKinds.EchoEdited : EventKinds.MessageEdited, target, envelope.Account, WahaEnvelope.Stories) with
        {
            MessageId = ownId,
            Text = text,
            Timestamp = WahaMessageReader.TimeOf(envelope.Payload) ?? WhatsAppValues.Time(milliseconds),
            Revision = WhatsAppRevision.Of(milliseconds, text),
        };
}
