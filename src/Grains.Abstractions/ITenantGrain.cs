using Channels.Core.Ids;
using Orleans;

namespace Channels.Grains.Abstractions;

/// <summary>One tenant's switches. Key: tenant id.</summary>
[Alias("ITenantGrain")]
public interface ITenantGrain : IGrainWithGuidKey
{
    /// <summary>The kill switch. Suspended: webhooks are kept, no turn starts, replies wait; nothing is lost.</summary>
    [Alias("SetSuspendedAsync")]
    Task SetSuspendedAsync(bool suspended, string? reason, CancellationToken cancellationToken);
}
