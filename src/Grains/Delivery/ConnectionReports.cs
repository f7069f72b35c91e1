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

    /// <summary>A hold of this length or more is written down: it is shown on the channel, told as an event, and outlives the process.</summary>
    private static readonly TimeSpan WorthTelling = TimeSpan.FromMinutes(1);

    private int _failures;

    /// <summary>The last thing heard was a failure: one reply at a time tries the connection for all.</summary>
    public bool IsAiling => _failures > 0;

    /// <summary>Nobody should try before this.</summary>
    public DateTimeOffset NotBefore { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>What holds everything back until <see cref="NotBefore"/>, as it was last told; it may be over.</summary>
    public ConnectionHold Hold { get; private set; }

    /// <summary>The connector's circuit, from when it opened until something is sent, or it is heard to be closed; null while nothing is known against it.</summary>
    public ConnectionHold? Circuit { get; private set; }

    /// <summary>Holds everything back until then.</summary>
    /// <param name="moment">No send starts before.</param>
    /// <param name="cause">For whoever wonders why.</param>
    /// <param name="since">Since when it is so; null for now, or for as long as the same cause has held already.</param>
    /// <param name="code">What brought it about, where there is a word for it.</param>
    public void HoldUntil(DateTimeOffset moment, ReplyWaitCause cause, DateTimeOffset? since = null, string? code = null)
    {
        // One that a clock which has been set back dated holds nobody, and is no reason to forget this one.
        var now = clock.GetUtcNow();
        var held = RetryPolicy.FirstDueAt(NotBefore, now);
        if (moment <= held)
        {
            return;
        }

        var goesOn = held > now && Hold.Cause == cause;
        Hold = new(cause, since ?? (goesOn ? Hold.Since : now), code);
        NotBefore = moment;
    }

    /// <summary>Whether an attempt failed by the connection, which then fails everybody's.</summary>
    public static bool IsOfConnection(SendOutcome outcome) =>
        outcome is SendOutcome.TryLater { OfThisMessage: false, Code: not RateLimited } or SendOutcome.Unknown or SendOutcome.Blocked { GatewayFault: true };

    /// <summary>An attempt ended.</summary>
    public async Task AddAsync(ChannelEntry channel, SendOutcome outcome)
    {
        switch (outcome)
        {
            case SendOutcome.Accepted when _failures > 0:
                _failures = 0;
                Circuit = null;
                await TellAsync(channel, connector => connector.ReportSuccessAsync());
                break;
            case SendOutcome.TryLater { OfThisMessage: true }:
                // The connection works, and so does everybody else's conversation.
                break;
            case SendOutcome.TryLater { Code: RateLimited } busy:
                // The provider works; it wants less of this account, not only of this conversation.
                await HeldAsync(channel, busy, RetryPolicy.WishOf(busy));
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

    // What is over soon is nobody's news; the replies themselves say what they wait for.
    private async Task HeldAsync(ChannelEntry channel, SendOutcome.TryLater busy, TimeSpan wish)
    {
        var until = clock.GetUtcNow() + wish;
        HoldUntil(until, ReplyWaitCause.RateLimited, code: busy.Code);
        if (wish >= WorthTelling)
        {
            await TellAsync(channel, connector => connector.ReportHeldAsync(channel.Tenant, channel.Account, until, $"{busy.Code}: {busy.Reason}"));
        }
    }

    private Task FailedAsync(ChannelEntry channel, string code)
    {
        _failures++;
        return TellAsync(channel, async connector =>
        {
            // Closed: another account of the connector, or a person, has seen it work since we last heard.
            var breaker = await connector.ReportFailureAsync(code);
            Circuit = breaker.Until is null ? null : new(ReplyWaitCause.CircuitOpen, breaker.Since, breaker.Code);
            if (breaker.Until is { } until)
            {
                HoldUntil(until, ReplyWaitCause.CircuitOpen, breaker.Since, breaker.Code);
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

/// <summary>Why nobody may use a connection.</summary>
/// <param name="Cause">The sort of reason.</param>
/// <param name="Since">Since when.</param>
/// <param name="Code">What brought it about; null where there is no word for it.</param>
internal readonly record struct ConnectionHold(ReplyWaitCause Cause, DateTimeOffset Since, string? Code);
