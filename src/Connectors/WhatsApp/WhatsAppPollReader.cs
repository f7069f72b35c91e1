using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads polls, and votes where the gateway has decrypted them.</summary>
internal static class WhatsAppPollReader
{
    private const string Undecrypted = "the vote could not be decrypted";
    private const string TakenBackOrUndecrypted = "the vote was taken back, or could not be decrypted";

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
        var (ballot, counted) = (leaf.Member("vote"), item.Member("pollUpdates"));
        var chosen = Names(ballot.Member("selectedOptions"), "optionName");
        if (chosen.IsEmpty)
        {
            chosen = ChosenBySender(counted, own, parties);
        }

        return Vote(message, chosen, IsTakenBack(ballot, counted), leaf.Member("senderTimestampMs", "senderTimestampMS")) with
        {
            TargetMessageId = leaf.Member("pollCreationMessageKey").Id("id", "ID"),
        };
    }

    /// <summary>A vote as it stands now: WhatsApp tells all that somebody chose, and nothing when they took their vote back.</summary>
    /// <param name="message">The message with everything but the vote.</param>
    /// <param name="chosen">The names of what was chosen.</param>
    /// <param name="isTakenBack">Where nothing is chosen: whether that is what the voter wants (true), or it could not be decrypted (false); null where nobody can say.</param>
    /// <param name="milliseconds">When it was cast.</param>
    public static ChannelEvent Vote(ChannelEvent message, ImmutableArray<string> chosen, bool? isTakenBack, JsonElement milliseconds)
    {
        var text = chosen.IsEmpty ? null : string.Join(", ", chosen);
        return message with
        {
            Kind = EventKinds.MessagePollVote,
            Options = chosen,
            Text = text,
            Removed = chosen.IsEmpty && isTakenBack == true ? true : null,
            Reason = !chosen.IsEmpty ? null : isTakenBack switch { true => null, false => Undecrypted, null => TakenBackOrUndecrypted },
            Revision = WhatsAppRevision.Of(milliseconds, text),
        };
    }

    /// <summary>Evolution puts an empty list also where its attempts to decrypt have failed; the encrypted vote then still stands beside it, as it does after a success.</summary>
    private static bool? IsTakenBack(JsonElement vote, JsonElement counted)
    {
        var isRead = (vote.Member("selectedOptions") is { ValueKind: JsonValueKind.Array } selected && selected.GetArrayLength() == 0)
            || (counted.IsArray() && counted.EnumerateArray().Any(option => option.Filled("name") is not null));
        return !isRead ? false : vote.Member("encPayload").IsNothing() ? true : null;
    }

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
