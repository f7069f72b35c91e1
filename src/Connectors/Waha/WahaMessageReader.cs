using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Turns <c>message</c> and <c>message.any</c> into one event.</summary>
internal static class WahaMessageReader
{
    private const string ApiSource = "api";

    public static ChannelEvent Read(WahaEnvelope envelope)
    {
        var payload = envelope.Payload;
        if (WahaMessageId.Read(payload, "id") is not { } id)
        {
            return envelope.Ignored("no message id or no chat");
        }

        var parties = WahaParties.Read(payload, id, envelope);
        if (parties.Chat is not { } chat)
        {
            return envelope.Ignored("no message id or no chat");
        }

        // Builds of 2024, and every build for changes it does not know, tell an edit or a revocation as one more message.
        var content = WahaContent.Of(payload);
        if (content.Leaf == "protocolMessage")
        {
            return WahaChangeReader.ReadWithin(content.Value, id, envelope, parties);
        }

        return WahaContentReader.Read(Bare(payload, id, envelope, parties), payload, content, envelope, parties) is { } message
            ? WhatsAppPlacing.Place(message, chat, OriginOf(payload, parties), WahaEnvelope.Stories)
            : envelope.Ignored(WahaContent.WhyEmpty(payload, content)) with { MessageId = id.Id, ChatId = chat.ToString(), FromMe = parties.FromMe };
    }

    /// <summary>The message with everything but its content.</summary>
    public static ChannelEvent Bare(JsonElement payload, WahaMessageId id, WahaEnvelope envelope, WhatsAppParties parties)
    {
        var data = payload.Member("_data");
        return parties.Message(envelope.Account, id.Id, TimeOf(payload), data.Filled("pushName") ?? data.Member("Info").Filled("PushName") ?? data.Filled("notifyName"));
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
