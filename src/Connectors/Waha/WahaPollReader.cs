using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Reads <c>poll.vote</c>, which WAHA has decrypted, and <c>poll.vote.failed</c>, which it could not.</summary>
internal static class WahaPollReader
{
    public const string VoteEvent = "poll.vote";

    public static ChannelEvent ReadVote(WahaEnvelope envelope)
    {
        var (vote, poll) = (envelope.Payload.Member("vote"), envelope.Payload.Member("poll"));
        var data = DataOf(vote, envelope.Payload);
        if (WahaMessageId.Read(vote, "id") is not { } id || WahaParties.Read(vote, data, id, envelope) is not { Chat: { } chat } parties)
        {
            return envelope.Ignored("no message id or no chat");
        }

        var bare = WahaMessageReader.Bare(vote, data, id, envelope, parties);
        var message = WhatsAppPollReader.Vote(bare, Names(vote.Member("selectedOptions")), envelope.Event == VoteEvent, default) with
        {
            TargetMessageId = WahaMessageId.Read(poll, "id")?.Id,
        };
        return WhatsAppPlacing.Place(message, chat, WhatsAppOrigin.Arrived, WahaEnvelope.Stories);
    }

    /// <summary>GOWS puts the vote's own message beside it. What other engines put there may be the poll's, whose author is not the voter.</summary>
    private static JsonElement DataOf(JsonElement vote, JsonElement payload) =>
        vote.Member("_data").IsNothing() && payload.Member("_data").Member("Info").IsObject() ? payload.Member("_data") : vote.Member("_data");

    /// <summary>Options as texts, or as objects with a name.</summary>
    public static ImmutableArray<string> Names(JsonElement options) => options.IsArray()
        ? [.. options.EnumerateArray().Select(option => option.AsText() ?? option.Text("name")).OfType<string>().Where(name => name.Length > 0)]
        : [];
}
