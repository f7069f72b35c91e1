using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>The pairing life of one account: its codes, its connection, bringing it back. Key: account id.</summary>
/// <remarks>
/// Off the message path: the API's calls await the gateway, for less than 30 s with the wait for a place at it; what the account's webhooks say is only noted
/// (<see cref="ObserveAsync"/>) and never waits for a gateway. One attempt at a time reaches the gateway for an account.
/// </remarks>
[Alias("IWhatsAppSessionGrain")]
public interface IWhatsAppSessionGrain : IGrainWithGuidKey
{
    /// <summary>Adopts, creates or connects the account at its gateway, points its webhook to us, and gets a code when it is not paired. Safe to repeat.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="number">The phone's number in digits, for a code to type; null for a code to scan only.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("StartAsync")]
    Task<PairingResult> StartAsync(TenantId tenant, string? number, CancellationToken cancellationToken);

    /// <summary>Makes the gateway connect anew, keeping the pairing; a session that is not paired gets a new code.</summary>
    [Alias("RestartAsync")]
    Task<PairingResult> RestartAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Ends the pairing at the gateway.</summary>
    /// <param name="tenant">The owner.</param>
    /// <param name="remove">Take the account away at the gateway as well.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("LogOutAsync")]
    Task<PairingResult> LogOutAsync(TenantId tenant, bool remove, CancellationToken cancellationToken);

    /// <summary>The owner switched the channel off or took it away: nothing is brought back any more. The pairing stays.</summary>
    [Alias("StopAsync"), AlwaysInterleave]
    Task StopAsync(TenantId tenant);

    /// <summary>The channel's settings changed: the gateway is asked anew how the session stands and who is paired. Nothing where it is not looked after.</summary>
    [Alias("CheckAsync"), AlwaysInterleave]
    Task CheckAsync(TenantId tenant);

    /// <summary>How it stands, for somebody who watches: while asked every few seconds an expired code is replaced.</summary>
    [Alias("WatchAsync"), AlwaysInterleave]
    Task<PairingState?> WatchAsync(TenantId tenant);

    /// <summary>What the gateway's webhooks said, in order. Returns once it is kept.</summary>
    [Alias("ObserveAsync"), AlwaysInterleave]
    Task ObserveAsync(TenantId tenant, ImmutableArray<SessionSign> signs);

    /// <summary>It is due: the sweep found it.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();
}

/// <summary>One thing a gateway's webhook said about a session.</summary>
/// <param name="Kind">One of <c>EventKinds</c>: <c>connection.*</c>, <c>account.*</c>.</param>
/// <param name="At">When the webhook came.</param>
/// <param name="OwnId">Who is paired, where it said so.</param>
/// <param name="NeedsPairing">The pairing has ended.</param>
/// <param name="Reason">The gateway's words and code for it, without secrets.</param>
/// <param name="Code">A code to pair with.</param>
[GenerateSerializer, Immutable, Alias("SessionSign")]
public sealed record SessionSign(
    [property: Id(0)] string Kind, [property: Id(1)] DateTimeOffset At, [property: Id(2)] string? OwnId, [property: Id(3)] bool NeedsPairing,
    [property: Id(4)] string? Reason, [property: Id(5)] PairingCode? Code);

/// <summary>How a session stands, with the code to pair it.</summary>
/// <param name="Account">The account's status.</param>
/// <param name="Session">The session's.</param>
/// <param name="Since">Since when the session stands so.</param>
/// <param name="Code">The code to show; null when there is none that works.</param>
/// <param name="CodeExpiresAt">Until when it works.</param>
/// <param name="ReasonCode">A word of ours for what is wrong.</param>
/// <param name="Reason">What is wrong, in the tenant's words.</param>
/// <param name="NextStep">What to do.</param>
/// <param name="OwnId">Who is paired.</param>
[GenerateSerializer, Immutable, Alias("PairingState")]
public sealed record PairingState(
    [property: Id(0)] AccountStatus Account, [property: Id(1)] SessionStatus Session, [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] PairingCode? Code, [property: Id(4)] DateTimeOffset? CodeExpiresAt, [property: Id(5)] string? ReasonCode,
    [property: Id(6)] string? Reason, [property: Id(7)] string? NextStep, [property: Id(8)] string? OwnId);

/// <summary>How something asked of a session ended, and how it stands now.</summary>
/// <param name="Result">Whether the gateway went along, and why not.</param>
/// <param name="State">How it stands now; null when there is no such channel.</param>
[GenerateSerializer, Immutable, Alias("PairingResult")]
public sealed record PairingResult([property: Id(0)] ActivationResult Result, [property: Id(1)] PairingState? State);
