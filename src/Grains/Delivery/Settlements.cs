using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Delivery;

/// <summary>Gets what the provider said into the store, and asks it later where it said nothing.</summary>
internal sealed class Settlements(
    IOutbox outbox, LostSends lostSends, Func<ChannelEntry, OutboxRow, Task<bool>> repeatAsync, TimeProvider clock, ILogger logger, CancellationToken stopping)
{
    /// <summary>The waits before each look-up.</summary>
    private static readonly TimeSpan[] _lookUps = [.. OutboxRow.LookUpsAfter.Zip(OutboxRow.LookUpsAfter.Prepend(TimeSpan.Zero), (after, before) => after - before)];

    /// <summary>Kept until the store has taken it: forgetting what the provider said would send again what was sent. False when it is out of date.</summary>
    public async Task<bool> SettleAsync(SendSettlement settlement)
    {
        try
        {
            return await KeepOnAsync(settlement);
        }
        catch (BatchRefusedException refusal)
        {
            // What the provider said cannot be kept as it is. That something was said can, and it must: left as under way, the reply would be sent again.
            DeliveryLog.AnswerRefused(logger, settlement.Reply.Id, refusal.SqlState);
            return await KeepOnAsync(settlement with { Outcome = new SendOutcome.Unknown($"the database refuses what the provider answered ({refusal.SqlState})") });
        }
    }

    private async Task<bool> KeepOnAsync(SendSettlement settlement)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await outbox.SettleAsync(settlement, CancellationToken.None);
            }
            catch (Core.StoreUnavailableException) when (!stopping.IsCancellationRequested || attempt < 3)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5_000, 200 * Math.Pow(2, Math.Min(attempt, 10)))), clock);
            }
        }
    }

    /// <summary>A reply of unknown outcome is not repeated blindly; where the provider can say whether it left, it is asked before a person must be.</summary>
    /// <remarks>
    /// Found: it is settled. Not there: it is sent once more and marked, unless the conversation has gone on without it. The first look-up only finds:
    /// a gateway may take what it was asked for after we have hung up, and it is given half a minute for that.
    /// </remarks>
    /// <param name="channel">Sender.</param>
    /// <param name="connector">Its kind.</param>
    /// <param name="row">With when its last attempt began.</param>
    /// <param name="later">How much later than usual: many at once are spread.</param>
    public async Task LookUpAsync(ChannelEntry channel, IConnector connector, OutboxRow row, TimeSpan later = default)
    {
        if (connector is not ISentLookup)
        {
            return;
        }

        foreach (var (index, wait) in _lookUps.Index())
        {
            try
            {
                await Task.Delay(index == 0 ? wait + later : wait, clock, stopping);
                if (await SettledAsync(channel, connector, row, mayRepeat: index > 0))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // The next activation goes on. There is one by the next look-up: the sweep finds those that nobody makes.
                return;
            }
            catch (Core.StoreUnavailableException failure)
            {
                DeliveryLog.LookUpFailed(logger, row.Reply.Id, failure.GetType().Name);
            }
        }
    }

    private async Task<bool> SettledAsync(ChannelEntry channel, IConnector connector, OutboxRow row, bool mayRepeat)
    {
        switch (await lostSends.FindAsync(channel, connector, row))
        {
            case SentLookupOutcome.Found found:
                await SettleAsync(new SendSettlement(channel.Tenant, channel.Account, row.Reply, new SendOutcome.Accepted(found.ProviderMessageId), clock.GetUtcNow(), row.Attempts));
                return true;
            case SentLookupOutcome.NotThere when mayRepeat && await repeatAsync(channel, row):
                DeliveryLog.SentOnceMore(logger, row.Reply.Id);
                return true;
            default:
                return false;
        }
    }
}
