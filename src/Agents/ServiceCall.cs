using System.ClientModel;
using System.Globalization;
using Channels.Core.Agents;
using Channels.Core.Egress;
using Microsoft.Extensions.Logging;

namespace Channels.Agents;

/// <summary>Calls a tenant's service for every agent that has one: within a turn's patience, and with one set of words for what goes wrong on the way.</summary>
internal sealed partial class ServiceCall(TimeProvider clock, ILogger<ServiceCall> logger)
{
    /// <summary>The product gives a turn 25 s; a second less lets our own word for it arrive before the turn is cut off.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(24);

    /// <summary>What the call says, or why it could not be made.</summary>
    /// <param name="turn">The turn it is made for.</param>
    /// <param name="service">The service in a tenant's words: <c>agent, model</c>.</param>
    /// <param name="call">May throw what clients throw for a network; anything else it throws is let through.</param>
    /// <param name="cancellationToken">Ends the call; then, and only then, <see cref="OperationCanceledException"/> leaves.</param>
    public async Task<AgentOutcome> AskAsync(AgentTurn turn, string service, Func<CancellationToken, Task<AgentOutcome>> call, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await call(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new AgentOutcome.Failed("agent-timeout", string.Create(CultureInfo.InvariantCulture, $"The {service} did not answer within {Patience.TotalSeconds:0} s."));
        }
        catch (Exception failure) when (PackedAnswer.IsDamaged(failure) || (failure.InnerException is { } inner && PackedAnswer.IsDamaged(inner)))
        {
            return new AgentOutcome.Failed("agent-answer-invalid", $"The {service}'s answer came damaged: it is not packed as its Content-Encoding says.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or ClientResultException)
        {
            return Failed(turn, service, failure);
        }
    }

    /// <summary>What the network did, wherever a client library has put it.</summary>
    public static HttpRequestException? CauseOf(Exception failure) => failure as HttpRequestException ?? failure.InnerException as HttpRequestException;

    // What exactly failed is for the operator: a tenant must not learn from it what is inside our network.
    private AgentOutcome.Failed Failed(AgentTurn turn, string service, Exception failure)
    {
        var cause = CauseOf(failure);
        if (cause?.InnerException is EgressRefusedException)
        {
            Log.Refused(logger, turn.TurnId, service);
            return new("agent-address-not-allowed", $"The {service}'s address is not a public one; the operator can allow its network.");
        }

        Log.Unreachable(logger, turn.TurnId, service, cause?.HttpRequestError.ToString() ?? failure.GetType().Name);
        return new("agent-unreachable", $"The {service} could not be reached.");
    }

    private static partial class Log
    {
        [LoggerMessage(5101, LogLevel.Information, "Turn {TurnId} could not be asked of a tenant's {Service}: its address is not allowed")]
        public static partial void Refused(ILogger logger, Guid turnId, string service);

        [LoggerMessage(5102, LogLevel.Information, "Turn {TurnId} could not be asked of a tenant's {Service}: {Problem}")]
        public static partial void Unreachable(ILogger logger, Guid turnId, string service, string problem);
    }
}
