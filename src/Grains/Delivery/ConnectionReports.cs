using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Channels.Grains.Delivery;

/// <summary>What an account's outcomes say about its connection: told to the connector's grain, and kept as how long nobody should try.</summary>
internal sealed class ConnectionReports(Func<ConnectorId, IConnectorGrain> connectorOf, IChannelDirectory directory, TimeProvider clock, ILogger logger)
{
    private const string RateLimited = "rate-limited";
    private int _failures;

    /// <summary>The last thing heard was a failure: one reply at a time tries the connection for all.</summary>
    public bool IsAiling => _failures > 0;

    /// <summary>Nobody should try before this.</summary>
    public DateTimeOffset NotBefore { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Holds everything back until then.</summary>
    public void HoldUntil(DateTimeOffset moment) => NotBefore = moment > NotBefore ? moment : NotBefore;

    /// <summary>An attempt ended.</summary>
    public async Task AddAsync(ChannelEntry channel, SendOutcome outcome)
    {
        switch (outcome)
        {
            case SendOutcome.Accepted when _failures > 0:
                _failures = 0;
                await TellAsync(channel, connector => connector.ReportSuccessAsync());
                break;
            case SendOutcome.TryLater { OfThisMessage: true }:
                // The connection works, and so does everybody else's conversation.
                break;
            case SendOutcome.TryLater { Code: RateLimited } busy:
                // The provider works; it wants less of this account, not only of this conversation.
                HoldUntil(clock.GetUtcNow() + RetryPolicy.WishOf(busy));
                break;
            case SendOutcome.TryLater later:
                await FailedAsync(channel, later.Code);
                break;
            case SendOutcome.Unknown:
                await FailedAsync(channel, "unknown-outcome");
                break;
            case SendOutcome.Blocked { GatewayFault: true } gateway:
                await FailedAsync(channel, gateway.Code);
                break;
            case SendOutcome.Blocked account:
                await TellAsync(channel, connector => connector.ReportBlockedAsync(channel.Tenant, account.Code, account.Reason));
                directory.Forget(channel.Account);
                break;
        }
    }

    private Task FailedAsync(ChannelEntry channel, string code)
    {
        _failures++;
        return TellAsync(channel, async connector =>
        {
            if ((await connector.ReportFailureAsync(code)).Until is { } until)
            {
                HoldUntil(until);
            }
        });
    }

    private async Task TellAsync(ChannelEntry channel, Func<IConnectorGrain, Task> tell)
    {
        try
        {
            await tell(connectorOf(channel.Connector));
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or Core.StoreUnavailableException)
        {
            DeliveryLog.ConnectorNotTold(logger, channel.Connector, failure.GetType().Name);
        }
    }
}
