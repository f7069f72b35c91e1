using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Connector;

/// <summary>Makes what a provider answered into what the API tells about it. Pure.</summary>
internal static class ActivationReading
{
    /// <summary>There is nothing to activate.</summary>
    public static ActivationResult Unknown { get; } =
        new(false, AccountStatus.Error, null, "channel-unknown", "There is no such channel, or this server does not know its kind.", null, null);

    public static ActivationResult Of(ActivationOutcome outcome, DateTimeOffset now) => outcome switch
    {
        ActivationOutcome.Active => new(true, AccountStatus.Active, now, null, null, null, null),
        ActivationOutcome.Connecting connecting => new(true, AccountStatus.Connecting, null, "needs-pairing", "The provider waits for the account to be paired.", connecting.NextStep, null),
        ActivationOutcome.Refused refused => new(
            false, AccountStatus.Error, null, refused.Code, refused.Reason,
            refused.NextStep ?? (refused.Field is null ? "Mend what the provider complains about and activate again." : $"Correct '{refused.Field}' and activate again."),
            refused.Field),
        ActivationOutcome.Unreachable unreachable => new(
            false, AccountStatus.Error, null, "provider-unreachable", unreachable.Reason, "Check the address, and that the provider or the gateway to it can be reached from here, then activate again.", null),
        _ => throw new InvalidOperationException($"An outcome nobody knows: {outcome.GetType().Name}"),
    };
}
