using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads polls, and votes where the gateway has decrypted them.</summary>
internal static class WhatsAppPollReader
{
    /// <summary>Why a vote has no options though some were chosen.</summary>
    public const string Undecrypted = "the vote could not be decrypted";

    public static ChannelEvent ReadPoll(ChannelEvent message, JsonElement leaf) => message with
    {
        Kind = EventKinds.MessagePoll,
        Text = leaf.Filled("name"),
        Options = Names(leaf.Member("options"), "optionName"),
    };

    public static ChannelEvent ReadVote(
        ChannelEvent message, JsonElement leaf, JsonElement item, WhatsAppOwn own, WhatsAppParties parties)
    {
        // Either the names are put into the vote itself, or all voters are listed by option; undecrypted votes are hashes we cannot read.
        var (selected, counted) = (leaf.Member("vote").Member("selectedOptions"), item.Member("pollUpdates"));
        var chosen = Names(selected, "optionName");
        if (chosen.IsEmpty)
        {
            chosen = ChosenBySender(counted, own, parties);
        }

        return Vote(message, chosen, IsTakenBack(selected, counted), leaf.Member("senderTimestampMs", "senderTimestampMS")) with
        {
            TargetMessageId = leaf.Member("pollCreationMessageKey").Id("id", "ID"),
        };
    }

    /// <summary>A vote as it stands now: WhatsApp tells all that somebody chose, and nothing when they took their vote back.</summary>
    /// <param name="message">The message with everything but the vote.</param>
    /// <param name="chosen">The names of what was chosen.</param>
    /// <param name="isTakenBack">Whether the gateway could read that nothing is chosen any more.</param>
    /// <param name="milliseconds">When it was cast.</param>
    public static ChannelEvent Vote(ChannelEvent message, ImmutableArray<string> chosen, bool isTakenBack, JsonElement milliseconds)
    {
        var text = chosen.IsEmpty ? null : string.Join(", ", chosen);
        return message with
        {
            Kind = EventKinds.MessagePollVote,
            Options = chosen,
            Text = text,
            Removed = chosen.IsEmpty && isTakenBack ? true : null,
            Reason = chosen.IsEmpty && !isTakenBack ? Undecrypted : null,
            Revision = WhatsAppRevision.Of(milliseconds, text),
        };
    }

    private static bool IsTakenBack(JsonElement selected, JsonElement counted) =>
        (selected.IsArray() && selected.GetArrayLength() == 0) || (counted.IsArray() && counted.EnumerateArray().Any(option => option.Filled("name") is not null));

    private static ImmutableArray<string> Names(JsonElement options, string name)
    {
        if (!options.IsArray())
        {
            return [];
        }

        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var option in options.EnumerateArray())
        {
            if ((option.AsText() ?? option.Text(name) ?? option.Text("name")) is { Length: > 0 } text)
            {
                names.Add(text);
            }
        }

        return names.DrainToImmutable();
    }

    private static ImmutableArray<string> ChosenBySender(JsonElement updates, WhatsAppOwn own, WhatsAppParties parties)
    {
        if (!updates.IsArray())
        {
            return [];
        }

        var chosen = ImmutableArray.CreateBuilder<string>();
        foreach (var option in updates.EnumerateArray())
        {
            if (option.Filled("name") is { } name && Voted(option.Member("voters"), own, parties))
            {
                chosen.Add(name);
            }
        }

        return chosen.DrainToImmutable();
    }

    private static bool Voted(JsonElement voters, WhatsAppOwn own, WhatsAppParties parties)
    {
        if (!voters.IsArray())
        {
            return false;
        }

        foreach (var voter in voters.EnumerateArray())
        {
            if (voter.AsText() is { } text && (parties.FromMe ? text == "me" || own.Is(WhatsAppJid.Parse(text)) : IsSame(text, parties.Sender) || IsSame(text, parties.SenderLid)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSame(string voter, WhatsAppJid? person) => person is { } jid && WhatsAppJid.Parse(voter) == jid;
}
