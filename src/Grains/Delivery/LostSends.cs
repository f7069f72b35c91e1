using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Delivery;

/// <summary>Settles replies whose sender died between asking the provider and hearing its answer.</summary>
/// <remarks>The provider is asked where it can say; with no answer within five seconds the reply is sent once more, marked as a possible duplicate.</remarks>
internal sealed class LostSends(IOutbox outbox, TimeProvider clock, ILogger<LostSends> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The outcome, where there is evidence that it left; null to send it again.</summary>
    public async Task<SendOutcome?> FindAsync(ChannelEntry channel, IConnector connector, OutboxRow row)
    {
        if (connector is not ISentLookup lookup || row.SendingSince is not { } since)
        {
            return null;
        }

        var conversation = new ConversationRef(channel.Tenant, channel.Account, row.Reply.Conversation);
        var known = await outbox.KnownProviderIdsAsync(conversation, since - TimeSpan.FromMinutes(1), CancellationToken.None);
        var answer = await AskAsync(lookup, channel.Connection, row, since, known);
        DeliveryLog.FoundHalfSent(logger, row.Reply.Id, answer.GetType().Name);
        return answer is SentLookupOutcome.Found found ? new SendOutcome.Accepted(found.ProviderMessageId) : null;
    }

    private async Task<SentLookupOutcome> AskAsync(ISentLookup lookup, Connection connection, OutboxRow row, DateTimeOffset since, IReadOnlySet<string> known)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        var message = new OutboundMessage(row.Reply.Id, row.Reply.ChatId, row.Reply.Text, row.Reply.ReplyTo);
        try
        {
            return await lookup.FindSentAsync(connection, message, since, known, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return new SentLookupOutcome.CannotSay("no answer in time");
        }
    }
}
