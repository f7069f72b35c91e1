using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Delivery;

/// <summary>Asks the provider about replies whose sender died, or heard nothing, between asking it to send and hearing its answer.</summary>
/// <remarks>It is asked where it can say; no answer within five seconds, or a connector that throws, is none. What follows is the caller's: see <see cref="Settlements"/> and <see cref="DeliveryGrain"/>.</remarks>
internal sealed class LostSends(IOutbox outbox, OutboundFiles files, TimeProvider clock, ILogger<LostSends> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Ids of so much older messages are told as well: the same text said twice, and clocks that differ, are no puzzle then.</summary>
    private static readonly TimeSpan KnownBefore = TimeSpan.FromMinutes(10);

    /// <summary>So often in one look-up, should what is found turn out to be another message.</summary>
    private const int MostAsks = 3;

    /// <summary>What the provider knows of it.</summary>
    /// <exception cref="Core.StoreUnavailableException">Our own store does not answer.</exception>
    public async Task<SentLookupOutcome> FindAsync(ChannelEntry channel, IConnector connector, OutboxRow row)
    {
        if (connector is not ISentLookup lookup || row.SendingSince is not { } since)
        {
            return new SentLookupOutcome.CannotSay("this kind of channel cannot be asked");
        }

        var conversation = new ConversationRef(channel.Tenant, channel.Account, row.Reply.Conversation);
        var known = await outbox.KnownProviderIdsAsync(conversation, since - KnownBefore, CancellationToken.None);
        var answer = await AskAsync(lookup, channel.Connection, row, since, known);

        // What is known of a message outside the transcript, as of one that was sent twice, is not among those: taken for this one's, it would hide that this one never left.
        for (var asks = 1; answer is SentLookupOutcome.Found found && await outbox.IsAnothersAsync(conversation, row.Reply.Id, found.ProviderMessageId, CancellationToken.None); asks++)
        {
            known = known.Add(found.ProviderMessageId);
            answer = asks < MostAsks ? await AskAsync(lookup, channel.Connection, row, since, known) : new SentLookupOutcome.CannotSay("what it has is another message");
        }

        DeliveryLog.FoundHalfSent(logger, row.Reply.Id, answer.GetType().Name);
        await outbox.LookedUpAsync(channel.Tenant, channel.Account, row.Reply.Id, Word(answer), CancellationToken.None);
        return answer;
    }

    private static string Word(SentLookupOutcome answer) => answer switch
    {
        SentLookupOutcome.Found => "the provider has it",
        SentLookupOutcome.NotThere => "the provider does not have it",
        SentLookupOutcome.CannotSay cannot => $"the provider cannot say: {cannot.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(answer), answer.GetType().Name, null),
    };

    private async Task<SentLookupOutcome> AskAsync(ISentLookup lookup, Connection connection, OutboxRow row, DateTimeOffset since, IReadOnlySet<string> known)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        var message = files.MessageOf(connection.Tenant, row.Reply);
        try
        {
            return await lookup.FindSentAsync(connection, message, since, known, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new SentLookupOutcome.CannotSay("no answer in time");
        }
        catch (Exception failure)
        {
            // Passed on it would be taken for trouble with our own store, and the reply looked up again every second, before everything behind it.
            DeliveryLog.ConnectorThrew(logger, lookup.Manifest.Id, failure.GetType().Name, failure.StackTrace);
            return new SentLookupOutcome.CannotSay($"the connector failed ({failure.GetType().Name})");
        }
    }
}
