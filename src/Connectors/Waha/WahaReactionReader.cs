using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads <c>message.reaction</c>.</summary>
internal static class WahaReactionReader
{
    public static ChannelEvent Read(WahaEnvelope envelope)
    {
        var payload = envelope.Payload;
        if (WahaMessageId.OfMessage(payload) is not { } id || WahaParties.Read(payload, id, envelope) is not { Chat: { } chat } parties)
        {
            return envelope.Ignored(WahaMessageReader.Unplaced);
        }

        var bare = WahaMessageReader.Bare(payload, id, envelope, parties);
        var reaction = payload.Member("reaction");
        if (!reaction.IsObject())
        {
            var content = WahaContent.Of(payload);
            return content.Leaf == "reactionMessage"
                ? WhatsAppPlacing.Place(WhatsAppContentReader.Read(bare, content, payload.Member("_data"), envelope.Ours, parties), chat, WhatsAppOrigin.Arrived, WahaEnvelope.Stories)
                : envelope.Ignored("no reaction in it");
        }

        var emoji = reaction.Text("text") ?? "";
        var message = bare with
        {
            Kind = EventKinds.MessageReaction,
            TargetMessageId = WahaMessageId.Read(reaction, "messageId")?.Id,
            Emoji = emoji,
            Removed = emoji.Length == 0 ? true : null,
            Revision = WhatsAppRevision.Of(default, emoji),
        };
        return WhatsAppPlacing.Place(message, chat, WhatsAppOrigin.Arrived, WahaEnvelope.Stories);
    }
}
