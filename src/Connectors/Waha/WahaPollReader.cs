using System.Collections.Immutable;
using System.Globalization;
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
        if (WahaMessageId.Read(vote, "id") is not { } id)
        {
            return envelope.Ignored(WahaMessageReader.Unplaced);
        }

        var pollId = WahaMessageId.Read(poll, "id")?.Id;
        var isPolls = id.Id == pollId;
        if (isPolls)
        {
            // Whose it is, and who wrote it, is said of the poll there.
            id = id with { FromMe = null, Participant = null };
        }

        var parties = WahaParties.Read(vote, data, id, envelope);
        if (parties.Chat is not { } chat)
        {
            return envelope.Ignored(WahaMessageReader.Unplaced);
        }

        var bare = WahaMessageReader.Bare(vote, data, id, envelope, parties);
        var message = WhatsAppPollReader.Vote(bare, Names(vote.Member("selectedOptions")), envelope.Event == VoteEvent, default) with { TargetMessageId = pollId };
        return WhatsAppPlacing.Place(isPolls ? WithoutId(message, vote, envelope) : message, chat, WhatsAppOrigin.Arrived, WahaEnvelope.Stories);
    }

    /// <summary>The browser engines give a vote the id of its poll, which all votes share: it is known by who chose what, and when.</summary>
    private static ChannelEvent WithoutId(ChannelEvent message, JsonElement vote, WahaEnvelope envelope)
    {
        var at = WhatsAppValues.Integer(vote.Member("timestamp")) ?? WhatsAppValues.Integer(envelope.Milliseconds);
        return message with { MessageId = null, Revision = WhatsAppRevision.Of(default, string.Create(CultureInfo.InvariantCulture, $"{message.SenderId}:{at}:{message.Text}")) };
    }

    /// <summary>GOWS puts the vote's own message beside it. What other engines put there may be the poll's, whose author is not the voter.</summary>
    private static JsonElement DataOf(JsonElement vote, JsonElement payload) =>
        vote.Member("_data").IsNothing() && payload.Member("_data").Member("Info").IsObject() ? payload.Member("_data") : vote.Member("_data");

    /// <summary>Options as texts, or as objects with a name.</summary>
    public static ImmutableArray<string> Names(JsonElement options) => options.IsArray()
        ? [.. options.EnumerateArray().Select(option => option.AsText() ?? option.Text("name")).OfType<string>().Where(name => name.Length > 0)]
        : [];
}
