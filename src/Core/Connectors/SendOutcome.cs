using Orleans;

namespace Channels.Core.Connectors;

/// <summary>What became of one attempt to send. The family is closed: callers switch on it.</summary>
[GenerateSerializer, Immutable, Alias("SendOutcome")]
public abstract record SendOutcome
{
    private SendOutcome()
    {
    }

    /// <summary>The provider took it, under this id.</summary>
    [GenerateSerializer, Immutable, Alias("SendOutcome.Accepted")]
    public sealed record Accepted([property: Id(0)] string ProviderMessageId) : SendOutcome;

    /// <summary>The provider will never take it: tell the tenant, do not retry.</summary>
    /// <param name="Code">A word of ours, lower case with dashes.</param>
    /// <param name="Reason">The provider's own words, without secrets and without the message's text.</param>
    [GenerateSerializer, Immutable, Alias("SendOutcome.Refused")]
    public sealed record Refused([property: Id(0)] string Code, [property: Id(1)] string Reason) : SendOutcome;

    /// <summary>It certainly did not leave; try again after this long.</summary>
    [GenerateSerializer, Immutable, Alias("SendOutcome.TryLater")]
    public sealed record TryLater([property: Id(0)] TimeSpan After, [property: Id(1)] string Code, [property: Id(2)] string Reason) : SendOutcome
    {
        /// <summary>It is about this message or whom it goes to, not about the connection: everybody else's messages go on.</summary>
        [Id(3)]
        public bool OfThisMessage { get; init; }

        /// <summary>After so many attempts, the last two of which ended with this code, it is given up on, where that is fewer than patience allows.</summary>
        [Id(4)]
        public int? MostAttempts { get; init; }
    }

    /// <summary>Nothing can leave until something about the account or its gateway changes (logged out, licence, wrong key): replies wait, the account says why.</summary>
    /// <param name="Code">A word of ours.</param>
    /// <param name="Reason">The provider's own words.</param>
    /// <param name="GatewayFault">The gateway as a whole is at fault, not this account.</param>
    [GenerateSerializer, Immutable, Alias("SendOutcome.Blocked")]
    public sealed record Blocked([property: Id(0)] string Code, [property: Id(1)] string Reason, [property: Id(2)] bool GatewayFault) : SendOutcome;

    /// <summary>It may have left: settle by evidence, never blindly repeat.</summary>
    [GenerateSerializer, Immutable, Alias("SendOutcome.Unknown")]
    public sealed record Unknown([property: Id(0)] string Reason) : SendOutcome;
}
