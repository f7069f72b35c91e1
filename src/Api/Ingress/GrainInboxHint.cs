using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Api.Ingress;

/// <summary>Tells an account's grain, wherever it lives, that webhooks have come.</summary>
/// <remarks>Only a hint: while no silo is up webhooks go on being acknowledged, and the sweep finds them later. Hence debug, not warning.</remarks>
public sealed partial class GrainInboxHint(Func<IGrainFactory> grains, ILogger<GrainInboxHint> logger) : IInboxHint
{
    /// <inheritdoc/>
    public void Arrived(AccountId account) => _ = TellAsync(account, grain => grain.ArrivedAsync());

    /// <inheritdoc/>
    public void PutBack(AccountId account) => _ = TellAsync(account, grain => grain.WakeAsync());

    private async Task TellAsync(AccountId account, Func<IAccountGrain, Task> tell)
    {
        try
        {
            await tell(grains().GetGrain<IAccountGrain>(account.Value));
        }
        catch (Exception failure)
        {
            Log.Lost(logger, account, failure.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Debug, "The hint for account {Account} was lost ({Problem}); the sweep finds its webhooks")]
        public static partial void Lost(ILogger logger, AccountId account, string problem);
    }
}
