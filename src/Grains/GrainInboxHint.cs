using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Grains.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains;

/// <summary>Wakes an account's grain when its webhooks are committed.</summary>
public sealed class GrainInboxHint(IGrainFactory grains) : IInboxHint
{
    /// <inheritdoc/>
    public void Arrived(AccountId account) => _ = WakeAsync(account);

    private async Task WakeAsync(AccountId account)
    {
        try
        {
            await grains.GetGrain<IAccountGrain>(account.Value).WakeAsync();
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or InvalidOperationException or ObjectDisposedException)
        {
            // Only a hint: no silo is up, or it is going. The sweep finds the row.
        }
    }
}
