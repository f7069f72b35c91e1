using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Turns <c>message</c> and <c>message.any</c> into one event.</summary>
internal static class WahaMessageReader
{
    /// <summary>Why an event about a message is ignored that does not say which.</summary>
    public const string Unplaced = "no message id or no chat";

    private const string ApiSource = "api";
    private const string Waiting = "not decrypted yet";
    private const string ForThePhoneOnly = "a view-once message, shown on the phone only";

    public static ChannelEvent Read(WahaEnvelope envelope) => Read(envelope, isPast: false);

    /// <summary>Whether it says which message, and in which chat.</summary>
    public static bool IsPlaced(WahaEnvelope envelope) =>
        WahaMessageId.OfMessage(envelope.Payload) is { } id && WahaParties.Read(envelope.Payload, id, envelope).Chat is not null;

    /// <summary>The same for a message of the past.</summary>
    public static ChannelEvent ReadPast(WahaEnvelope envelope) => Read(envelope, isPast: true);

    private static ChannelEvent Read(WahaEnvelope envelope, bool isPast)
    {
        var payload = envelope.Payload;
        if (WahaMessageId.OfMessage(payload) is not { } id || WahaParties.Read(payload, id, envelope) is not { Chat: { } chat } parties)
        {
            return envelope.Ignored(Unplaced);
        }

        // Builds of 2024, and every build for changes it does not know, tell an edit or a revocation as one more message.
        var content = WahaContent.Of(payload);
        if (WhatsAppChange.In(content) is { } change)
        {
            return WahaChangeReader.ReadWithin(change, id, envelope, parties);
        }

        var bare = Bare(payload, id, envelope, parties);
        var read = WahaContentReader.Read(bare, payload, content, envelope, parties)
            ?? (WahaContent.IsForThePhoneOnly(payload) ? bare with { ViewOnce = true, Reason = ForThePhoneOnly } : null);
        return read is { } message
            ? WhatsAppPlacing.Place(message, chat, isPast ? WhatsAppOrigin.History : OriginOf(payload, parties), WahaEnvelope.Stories)
            : bare with { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Reason = WahaContent.WhyEmpty(payload, content) };
    }

    /// <summary>
    /// <c>message.waiting</c>: the engine cannot decrypt a message yet. It comes again, under the same id, when it can: kept now, it would be taken for a
    /// duplicate then.
    /// </summary>
    public static ChannelEvent ReadWaiting(WahaEnvelope envelope) =>
        WahaMessageId.OfMessage(envelope.Payload) is { } id && WahaParties.Read(envelope.Payload, id, envelope) is { Chat: not null } parties
            ? Bare(envelope.Payload, id, envelope, parties) with { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Reason = Waiting }
            : envelope.Ignored(Waiting);

    /// <summary>The message with everything but its content.</summary>
    public static ChannelEvent Bare(JsonElement payload, WahaMessageId id, WahaEnvelope envelope, WhatsAppParties parties) =>
        Bare(payload, payload.Member("_data"), id, envelope, parties);

    /// <summary>The same where the engine's own account of it stands elsewhere.</summary>
    public static ChannelEvent Bare(JsonElement payload, JsonElement data, WahaMessageId id, WahaEnvelope envelope, WhatsAppParties parties) =>
        parties.Message(envelope.Account, id.Id, TimeOf(payload), NameOf(data));

    /// <summary>What the sender calls themselves; a business may have nothing but the name that WhatsApp has verified.</summary>
    private static string? NameOf(JsonElement data)
    {
        var info = data.Member("Info");
        return WhatsAppName.Clean(data.Filled("pushName") ?? info.Filled("PushName") ?? data.Filled("notifyName"))
            ?? data.Filled("verifiedBizName") ?? info.Member("VerifiedName").Member("Details").Filled("verifiedName");
    }

    public static DateTimeOffset? TimeOf(JsonElement payload)
    {
        var data = payload.Member("_data");
        return WhatsAppValues.Time(payload.Member("timestamp"))
            ?? WhatsAppValues.Time(data.Member("messageTimestamp", "t"))
            ?? WhatsAppValues.Time(data.Member("Info").Member("Timestamp"));
    }

    /// <remarks>Builds of 2024 do not say who sent it; a send of our own is then recognised by its id.</remarks>
    private static WhatsAppOrigin OriginOf(JsonElement payload, WhatsAppParties parties) =>
        parties.FromMe && payload.Text("source") == ApiSource ? WhatsAppOrigin.ApiSend : WhatsAppOrigin.Arrived;
}
