namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose provider can be asked where it posts to and whether it gets through.</summary>
public interface IWebhookWatch : IConnector
{
    /// <summary>Asks. Changes nothing. Failures are readings; throws only <see cref="OperationCanceledException"/>.</summary>
    Task<WebhookReading> ReadWebhookAsync(Connection connection, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>How an account's webhook stands. The family is closed.</summary>
public abstract record WebhookReading
{
    private WebhookReading()
    {
    }

    /// <summary>What the provider says of what waits with it, in the tenant's words, without secrets; null where it does not say.</summary>
    public string? Waiting { get; init; }

    /// <summary>It points to us, and nothing is known against it.</summary>
    public sealed record Flowing : WebhookReading;

    /// <summary>It points to us, and the provider does not get through at the moment. Sending is not touched by it.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">What is wrong and since when, in the tenant's words, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    public sealed record Failing(string Code, string Reason, string NextStep) : WebhookReading;

    /// <summary>Nothing comes to us any more until somebody does something.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">What is wrong, in the tenant's words, without secrets.</param>
    /// <param name="NextStep">What to do.</param>
    public sealed record Broken(string Code, string Reason, string NextStep) : WebhookReading;

    /// <summary>The provider does not answer; nothing is known.</summary>
    public sealed record Unreachable(string Reason) : WebhookReading;
}
