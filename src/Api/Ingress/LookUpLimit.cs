using Channels.Core;

namespace Channels.Api.Ingress;

/// <summary>Bounds how long it may take to find out whose a webhook is, however many look-ups that is.</summary>
/// <remarks>Each look-up is bounded by itself. One after the other, from a store that hangs, they would keep the provider waiting for as many times ten seconds as channels have the name.</remarks>
internal static class LookUpLimit
{
    /// <summary>For all look-ups of one webhook together. The commit behind them has as long again.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <summary>What they find. What is cached costs nothing.</summary>
    /// <exception cref="StoreUnavailableException">They take too long: the provider is to send it again. Look-ups under way go on, and fill the cache.</exception>
    public static async ValueTask<T> InTimeAsync<T>(this ValueTask<T> lookUps, TimeProvider clock)
    {
        if (lookUps.IsCompleted)
        {
            return await lookUps;
        }

        try
        {
            return await lookUps.AsTask().WaitAsync(Within, clock);
        }
        catch (TimeoutException late)
        {
            throw new StoreUnavailableException("The store did not answer in time.", late);
        }
    }
}
