using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Microsoft.Extensions.Logging;

namespace Channels.Grains.Delivery;

/// <summary>Gets what the provider said into the store, and asks it later where it said nothing.</summary>
internal sealed class Settlements(IOutbox outbox, LostSends lostSends, TimeProvider clock, ILogger logger, CancellationToken stopping)
{
    private static readonly TimeSpan[] _lookUps = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)];

    /// <summary>Kept until the store has taken it: forgetting what the provider said would send again what was sent.</summary>
    public async Task SettleAsync(SendSettlement settlement)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await outbox.SettleAsync(settlement, CancellationToken.None);
                return;
            }
            catch (Core.StoreUnavailableException) when (!stopping.IsCancellationRequested || attempt < 3)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5_000, 200 * Math.Pow(2, Math.Min(attempt, 10)))), clock);
            }
        }
    }

    /// <summary>A reply of unknown outcome is never repeated; but where the provider can say whether it left, it is asked before a person must be.</summary>
    public async Task LookUpAsync(ChannelEntry channel, IConnector connector, OutboxRow row)
    {
        foreach (var wait in _lookUps)
        {
            try
            {
                await Task.Delay(wait, clock, stopping);
                if (await lostSends.FindAsync(channel, connector, row) is { } found)
                {
                    await SettleAsync(new SendSettlement(channel.Tenant, channel.Account, row.Reply, found, clock.GetUtcNow()));
                    return;
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or Core.StoreUnavailableException)
            {
                DeliveryLog.LookUpFailed(logger, row.Reply.Id, failure.GetType().Name);
            }
        }
    }
}
