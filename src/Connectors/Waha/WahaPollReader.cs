using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads <c>poll.vote</c>, which WAHA has decrypted, and <c>poll.vote.failed</c>, which it could not.</summary>
internal static class WahaPollReader
{
    public static ChannelEvent ReadVote(WahaEnvelope envelope)
    {
        var (vote, poll) = (envelope.Payload.Member("vote"), envelope.Payload.Member("poll"));
        if (WahaMessageId.Read(vote, "id") is not { } id || WahaParties.Read(vote, id, envelope) is not { Chat: { } chat } parties)
        {
            return envelope.Ignored("no message id or no chat");
        }

        var chosen = Names(vote.Member("selectedOptions"));
        var text = chosen.IsEmpty ? null : string.Join(", ", chosen);
        var message = WahaMessageReader.Bare(vote, id, envelope, parties) with
        {
            Kind = EventKinds.MessagePollVote,
            TargetMessageId = WahaMessageId.Read(poll, "id")?.Id,
            Options = chosen,
            Text = text,
            Revision = WhatsAppRevision.Of(default, text),
        };
        return WhatsAppPlacing.Place(message, chat, WhatsAppOrigin.Arrived, WahaEnvelope.Stories);
    }

    /// <summary>Options as texts, or as objects with a name.</summary>
    public static ImmutableArray<string> Names(JsonElement options) => options.IsArray()
        ? [.. options.EnumerateArray().Select(option => option.AsText() ?? option.Text("name")).OfType<string>().Where(name => name.Length > 0)]
        : [];
}
