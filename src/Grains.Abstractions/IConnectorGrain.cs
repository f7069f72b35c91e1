using Channels.Core.Channels;
using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One connector: its status, its circuit breaker, its provisioning at the provider. Key: connector id.</summary>
/// <remarks>Off the message path: only here, and in <see cref="IWhatsAppSessionGrain"/> for kinds that are paired, a grain call awaits a provider, and only the API calls it, never another grain's turn. Reports interleave, so that delivery never waits behind provisioning.</remarks>
[Alias("IConnectorGrain")]
public interface IConnectorGrain : IGrainWithGuidKey
{
    /// <summary>Adopts, creates or connects the account at its provider and points the provider's webhook to us. Bounded to 20 s.</summary>
    [Alias("ActivateAsync")]
    Task<ActivationResult> ActivateAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>Switches the connector off: webhooks are kept, replies wait, and its provider is asked for nothing more. Safe to repeat.</summary>
    [Alias("DisableAsync")]
    Task DisableAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken);

    /// <summary>A call to the provider failed in a way that says something about the connection. Answers how long nobody should try.</summary>
    [Alias("ReportFailureAsync"), AlwaysInterleave]
    Task<BreakerState> ReportFailureAsync(string code);

    /// <summary>A call succeeded after failures.</summary>
    [Alias("ReportSuccessAsync"), AlwaysInterleave]
    Task ReportSuccessAsync();

    /// <summary>The provider refuses this account until something is mended: replies wait, the connector says why.</summary>
    [Alias("ReportBlockedAsync"), AlwaysInterleave]
    Task ReportBlockedAsync(TenantId tenant, string code, string reason);

    /// <summary>The provider wants nothing of an account for a while: written down, so that people see it and a restart does not forget it.</summary>
    [Alias("ReportHeldAsync"), AlwaysInterleave]
    Task ReportHeldAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason);

    /// <summary>The provider answers and accepts this connector: whatever was held against it is forgotten.</summary>
    [Alias("ReportHealthyAsync"), AlwaysInterleave]
    Task ReportHealthyAsync(TenantId tenant);

    /// <summary>Whether calls are let through, for whoever shows it.</summary>
    [Alias("GetBreakerAsync"), AlwaysInterleave, ReadOnly]
    Task<BreakerState> GetBreakerAsync();
}

/// <summary>How an activation ended.</summary>
/// <param name="Success">Whether the provider went along.</param>
/// <param name="Status">The account's status now.</param>
/// <param name="ActivatedAt">When it became active; null when it did not.</param>
/// <param name="Code">What went wrong, as a word of ours.</param>
/// <param name="Reason">What went wrong, in words.</param>
/// <param name="NextStep">What to do.</param>
/// <param name="Field">The setting at fault, where one is.</param>
[GenerateSerializer, Immutable, Alias("ActivationResult")]
public sealed record ActivationResult(
    [property: Id(0)] bool Success, [property: Id(1)] AccountStatus Status, [property: Id(2)] DateTimeOffset? ActivatedAt, [property: Id(3)] string? Code,
    [property: Id(4)] string? Reason, [property: Id(5)] string? NextStep, [property: Id(6)] string? Field);

/// <summary>A circuit breaker as others see it.</summary>
/// <param name="State"><c>closed, open</c> or <c>half_open</c>.</param>
/// <param name="Until">While open: when one call is let through again.</param>
/// <param name="Since">Since when it is in this state.</param>
/// <param name="Code">What opened it.</param>
[GenerateSerializer, Immutable, Alias("BreakerState")]
public sealed record BreakerState([property: Id(0)] string State, [property: Id(1)] DateTimeOffset? Until, [property: Id(2)] DateTimeOffset Since, [property: Id(3)] string? Code);
