using System.Text.Json.Nodes;

namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can be asked how an account stands with it.</summary>
/// <remarks>Asked about once an hour, sooner after trouble: a provider counts such calls, and each is taken from what it allows for others.</remarks>
public interface IHealthWatch : IConnector
{
    /// <summary>Asks. Changes nothing. Failures are readings; throws only <see cref="OperationCanceledException"/>.</summary>
    Task<HealthReading> ReadHealthAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>How an account stands with its provider. The family is closed.</summary>
public abstract record HealthReading
{
    private HealthReading()
    {
    }

    /// <summary>What the provider said, for people to read, in the kind's words; null where it said nothing.</summary>
    public JsonObject? Facts { get; init; }

    /// <summary>How long the provider is to be left alone, where that is longer than usual: its budget for calls is nearly spent.</summary>
    public TimeSpan Rest { get; init; }

    /// <summary>Nothing is wrong.</summary>
    public sealed record Well : HealthReading;

    /// <summary>Something is wrong, and messages flow all the same, as far as we know.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">What is wrong, in the tenant's words, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    public sealed record Ailing(string Code, string Reason, string NextStep) : HealthReading;

    /// <summary>Nothing can be sent until somebody does something.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">What is wrong, in the tenant's words, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    public sealed record Broken(string Code, string Reason, string NextStep) : HealthReading;

    /// <summary>The provider does not answer, or not with this; nothing is known, and nothing is concluded.</summary>
    public sealed record Unknown(string Reason) : HealthReading;
}
