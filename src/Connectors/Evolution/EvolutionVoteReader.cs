using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Reads a vote that is told as a change of the poll (<c>messages.update</c> with <c>pollUpdates</c>): the poll's options, each with who chose it in this one vote.</summary>
/// <remarks>
/// Up to 2.3 this is all that is told of a vote; its status is absent there, or a made-up DELETED. 2.3.7 says SERVER_ACK instead, and tells the vote as a
/// message as well.
/// </remarks>
internal static class EvolutionVoteReader
{
    private const string SinceItIsAMessage = "SERVER_ACK";

    public static bool IsVote(JsonElement update) => update.Member("pollUpdates") is { ValueKind: JsonValueKind.Array } options && options.GetArrayLength() > 0;

    public static ChannelEvent Read(JsonElement update, string? status, string poll, JsonElement item, EvolutionEnvelope envelope, WhatsAppParties parties)
    {
        if (status == SinceItIsAMessage)
        {
            return envelope.Ignored("a vote that is told as a message as well");
        }

        var options = update.Member("pollUpdates");
        var voter = VoterIn(options);
        var ours = new WhatsAppOwn(envelope.Own).Is(voter);
        var at = item.Member("datetime");
        var bare = From(ours ? null : voter, parties with { FromMe = ours }).Message(envelope.Account, poll, WhatsAppValues.Time(at), name: null);
        var vote = WhatsAppPollReader.Vote(bare, [.. options.EnumerateArray().Where(HasVoters).Select(option => option.Filled("name")).OfType<string>()], isTakenBack: true, at);
        return vote with
        {
            Action = EventAction.StoreOnly,
            MessageId = null,
            TargetMessageId = poll,

            // Without an id or, since 2.0, a time of its own it is known by who chose what.
            Revision = vote.Timestamp is null ? WhatsAppRevision.Of(default, $"{voter}:{vote.Text}") : vote.Revision,
        };
    }

    /// <summary>In a private chat the voter is whom it is with, whichever of their ids stands in the list.</summary>
    private static WhatsAppParties From(WhatsAppJid? voter, WhatsAppParties parties) => voter is null ? parties with { Sender = null, SenderLid = null }
        : parties.Chat is { IsPerson: true } ? parties with { Sender = parties.Chat, SenderLid = parties.ChatLid ?? Hidden(voter) }
        : parties with { Sender = voter, SenderLid = Hidden(voter) };

    private static WhatsAppJid? Hidden(WhatsAppJid? jid) => jid is { IsLid: true } ? jid : null;

    /// <summary>Nobody is named where the vote was taken back.</summary>
    private static WhatsAppJid? VoterIn(JsonElement options) => options.EnumerateArray().Where(HasVoters)
        .Select(option => WhatsAppJid.Parse(option.Member("voters")[0].AsText())).FirstOrDefault(jid => jid is not null);

    private static bool HasVoters(JsonElement option) => option.Member("voters") is { ValueKind: JsonValueKind.Array } voters && voters.GetArrayLength() > 0;
}
