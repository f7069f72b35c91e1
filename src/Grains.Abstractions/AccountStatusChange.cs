using Channels.Core.Channels;
using Channels.Core.Ids;
using Orleans;

namespace Channels.Grains.Abstractions;

/// <summary>A new status of an account, with what a person should know about it.</summary>
/// <param name="Tenant">The account's owner.</param>
/// <param name="Status">The new status.</param>
/// <param name="Code">A word of ours for the reason; null when there is nothing wrong.</param>
/// <param name="Reason">What happened, in the tenant's words.</param>
/// <param name="NextStep">What to do about it; null when nothing needs doing.</param>
[GenerateSerializer, Immutable, Alias("AccountStatusChange")]
public sealed record AccountStatusChange(
    [property: Id(0)] TenantId Tenant, [property: Id(1)] AccountStatus Status, [property: Id(2)] string? Code, [property: Id(3)] string? Reason,
    [property: Id(4)] string? NextStep);
