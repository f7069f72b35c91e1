using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads polls, and votes where the gateway has decrypted them.</summary>
internal static class WhatsAppPollReader
{
    public static ChannelEvent ReadPoll(ChannelEvent message, JsonElement leaf) => message with
    {
        Kind = EventKinds.MessagePoll,
        Text = leaf.Filled("name"),
        Options = Names(leaf.Member("options"), "optionName"),
    };

    public static ChannelEvent ReadVote(
        ChannelEvent message, JsonElement leaf, JsonElement item, WhatsAppJid? own, WhatsAppParties parties)
    {
        // Either the names are put into the vote itself, or all voters are listed by option; undecrypted votes are hashes we cannot read.
        var chosen = Names(leaf.Member("vote").Member("selectedOptions"), "optionName");
        if (chosen.IsEmpty)
        {
            chosen = ChosenBySender(item.Member("pollUpdates"), own, parties);
        }

        var text = chosen.IsEmpty ? null : string.Join(", ", chosen);
        return message with
        {
            Kind = EventKinds.MessagePollVote,
            TargetMessageId = leaf.Member("pollCreationMessageKey").Id("id", "ID"),
            Options = chosen,
            Text = text,
            Revision = WhatsAppRevision.Of(leaf.Member("senderTimestampMs", "senderTimestampMS"), text),
        };
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

    private static ImmutableArray<string> ChosenBySender(JsonElement updates, WhatsAppJid? own, WhatsAppParties parties)
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

    private static bool Voted(JsonElement voters, WhatsAppJid? own, WhatsAppParties parties)
    {
        if (!voters.IsArray())
        {
            return false;
        }

        foreach (var voter in voters.EnumerateArray())
        {
            if (voter.AsText() is { } text && (parties.FromMe ? text == "me" || IsSame(text, own) : IsSame(text, parties.Sender) || IsSame(text, parties.SenderLid)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSame(string voter, WhatsAppJid? person) => person is { } jid && WhatsAppJid.Parse(voter) == jid;
}
