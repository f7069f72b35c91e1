namespace Channels.Core.Connectors;

/// <summary>Implemented by kinds whose accounts are paired with a phone and can lose that pairing.</summary>
/// <remarks>
/// Every call may be repeated at any time. Failures are outcomes; only <see cref="OperationCanceledException"/> is thrown. Nobody calls two of
/// these at once for one account, and no more than a few at once for one gateway.
/// </remarks>
public interface IPairingConnector : IProvisioningConnector
{
    /// <summary>How long a code can be used, where the provider does not replace it earlier.</summary>
    TimeSpan CodeLife { get; }

    /// <summary>The gateway behind a connection: connections with the same answer share its capacity.</summary>
    string GatewayOf(Connection connection);

    /// <summary>Whether the account that was paired is the one this channel is for. True where <paramref name="identity"/> is no phone number: then there is nothing to compare.</summary>
    /// <param name="identity">As the channel's owner wrote it.</param>
    /// <param name="ownId">As the provider calls the paired account.</param>
    bool IsSameAccount(string identity, string ownId);

    /// <summary>As <see cref="IProvisioningConnector.ActivateAsync"/>; with a code to type as well where the provider can give one for this number. Leaves an account alone that is paired and reconnecting.</summary>
    /// <param name="number">The phone's number in digits; null for a code to scan only.</param>
    Task<ActivationOutcome> PairAsync(Connection connection, string? number, CancellationToken cancellationToken);

    /// <summary>Asks how the session stands.</summary>
    /// <param name="identify">Also ask who is paired; one call more.</param>
    Task<SessionReading> ReadSessionAsync(Connection connection, bool identify, CancellationToken cancellationToken);

    /// <summary>Makes the gateway connect anew, keeping the pairing. Interrupts a connection that works, and one that is being made.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="isIdle">The gateway was not seen to try by itself lately: then one that is paired may be told to connect, where there is nothing to restart.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ActivationOutcome> RestartAsync(Connection connection, bool isIdle, CancellationToken cancellationToken);

    /// <summary>Ends the pairing. An account that is not paired, or gone, is a success.</summary>
    /// <returns>Null when it is done.</returns>
    Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken);

    /// <summary>Takes the account away at the gateway, pairing included. One that is gone is a success.</summary>
    /// <returns>Null when it is done.</returns>
    Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>What a gateway says of a session when asked. The family is closed.</summary>
public abstract record SessionReading
{
    private SessionReading()
    {
    }

    /// <summary>Connected. A claim: gateways say so of connections that carry nothing any more.</summary>
    /// <param name="OwnId">Who is paired, where it was asked and said.</param>
    public sealed record Open(string? OwnId) : SessionReading;

    /// <summary>On its way: reconnecting, or waiting for a code to be scanned.</summary>
    /// <param name="IsPaired">Whether the gateway holds a pairing with a phone; null where it does not say.</param>
    public sealed record Connecting(bool? IsPaired) : SessionReading;

    /// <summary>Not connected at this moment; a gateway that reconnects says so between its attempts.</summary>
    /// <param name="IsPaired">Whether the gateway holds a pairing with a phone; null where it does not say.</param>
    public sealed record Closed(bool? IsPaired) : SessionReading;

    /// <summary>The gateway has no such account.</summary>
    public sealed record Missing : SessionReading;

    /// <summary>The gateway refuses to say.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">Its words, without secrets.</param>
    public sealed record Refused(string Code, string Reason) : SessionReading;

    /// <summary>Nobody answered; nothing is known.</summary>
    public sealed record Unreachable(string Reason) : SessionReading;
}
