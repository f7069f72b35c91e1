using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using SessionState = Channels.Core.Sessions.Session;

namespace Channels.Grains.Session;

/// <summary>What a gateway's answers about a session say about its connection: told to the connector's grain.</summary>
/// <param name="connectorOf">The grain of a connector.</param>
/// <param name="directory">Forgets what the connector was before.</param>
/// <param name="wakeDelivery">Replies may have waited for it.</param>
internal sealed class SessionReports(Func<ConnectorId, IConnectorGrain> connectorOf, IChannelDirectory directory, Func<Task> wakeDelivery)
{
    /// <summary>Unanswered questions before the connector is said to be down.</summary>
    private const int Tolerated = 3;

    /// <summary>The gateway was told something.</summary>
    public Task AddAsync(ChannelEntry channel, ActivationOutcome outcome) => outcome switch
    {
        ActivationOutcome.Refused refused => ConnectorOf(channel).ReportBlockedAsync(channel.Tenant, refused.Code, refused.Reason),
        ActivationOutcome.Unreachable => ConnectorOf(channel).ReportFailureAsync(SessionWords.Unreachable),
        _ => SetHealthyAsync(channel),
    };

    /// <summary>The gateway was asked how the session stands.</summary>
    /// <param name="channel">Whose.</param>
    /// <param name="reading">What it said.</param>
    /// <param name="attempts">How often in a row it had been asked or told in vain before.</param>
    /// <param name="next">How the session stands now.</param>
    public Task AddAsync(ChannelEntry channel, SessionReading reading, int attempts, SessionState next) => reading switch
    {
        SessionReading.Refused refused => ConnectorOf(channel).ReportBlockedAsync(channel.Tenant, refused.Code, refused.Reason),
        SessionReading.Unreachable unreachable when attempts + 1 >= Tolerated =>
            ConnectorOf(channel).ReportBlockedAsync(channel.Tenant, SessionWords.Unreachable, unreachable.Reason),
        SessionReading.Unreachable => ConnectorOf(channel).ReportFailureAsync(SessionWords.Unreachable),

        // One that answers and then refuses what it is told would be well and blocked in turn, at every look.
        _ when SessionLife.IsRefused(next) => Task.CompletedTask,
        _ => HealthyAsync(channel),
    };

    /// <summary>The gateway answers: what was held against it is forgotten.</summary>
    public Task HealthyAsync(ChannelEntry channel) => channel.ConnectorStatus == ConnectorStatus.Active ? Task.CompletedTask : SetHealthyAsync(channel);

    private async Task SetHealthyAsync(ChannelEntry channel)
    {
        await ConnectorOf(channel).ReportHealthyAsync(channel.Tenant);
        directory.Forget(channel.Account);
        await wakeDelivery();
    }

    private IConnectorGrain ConnectorOf(ChannelEntry channel) => connectorOf(channel.Connector);
}
