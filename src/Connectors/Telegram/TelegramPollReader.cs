using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads polls, and votes in the polls the bot sent.</summary>
internal static class TelegramPollReader
{
    private const int MostVotes = 100;

    public static ChannelEvent Read(ChannelEvent bare, JsonElement poll, int mostOptions)
    {
        var options = poll.Member("options");
        return bare with
        {
            Kind = EventKinds.MessagePoll,
            Text = poll.Text("question"),
            Options = options.IsArray() ? [.. options.EnumerateArray().Take(mostOptions).Select(option => option.Text("text")).OfType<string>()] : [],
            Details = poll.Id("id") is { } id ? bare.Details.Add("poll_id", id) : bare.Details,
        };
    }

    /// <summary>A vote says neither the chat nor the words: the poll's id, and which of its options by number, from zero. Each change of mind is one.</summary>
    public static ChannelEvent ReadVote(TelegramUpdate update)
    {
        var vote = update.Value;
        var who = vote.Member("voter_chat") is { ValueKind: JsonValueKind.Object } anonymous ? anonymous : vote.Member("user");
        var chosen = vote.Member("option_ids");
        ImmutableArray<string> options = chosen.IsArray()
            ? [.. chosen.EnumerateArray().Where(option => option.ValueKind == JsonValueKind.Number && option.TryGetInt32(out _)).Take(MostVotes).Select(option => option.GetInt32().ToString(CultureInfo.InvariantCulture))]
            : [];
        var voted = update.Event(EventKinds.MessagePollVote, EventAction.StoreOnly);
        return voted with
        {
            SenderId = who.Id("id"),
            SenderName = TelegramParties.NameOf(who),
            Options = options,
            Removed = options.IsEmpty ? true : null,
            Details = voted.Details.Add("poll_id", vote.Id("poll_id")),
        };
    }
}
