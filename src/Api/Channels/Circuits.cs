using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Channels.Api.Channels;

/// <summary>Whether a connector's calls to its provider are let through, as its grain knows.</summary>
internal sealed partial class Circuits(IGrainFactory grains, ILogger<Circuits> logger)
{
    /// <summary>Null when nobody can say: what else is known about a channel is shown also while no silo is up.</summary>
    public async Task<CircuitAnswer?> FindAsync(ConnectorId connector)
    {
        try
        {
            var breaker = await grains.GetGrain<IConnectorGrain>(connector.Value).GetBreakerAsync();
            return new CircuitAnswer(breaker.State, breaker.Since, breaker.State == "closed" ? null : breaker.Until, breaker.Code);
        }
        catch (Exception failure)
        {
            Log.NotTold(logger, connector, failure.GetType().Name);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1121, LogLevel.Warning, "Connector {Connector} did not say how its circuit stands ({Failure})")]
        public static partial void NotTold(ILogger logger, ConnectorId connector, string failure);
    }
}
