using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Grains.Abstractions;
using Orleans;

namespace Channels.Grains.Tenant;

/// <summary>One tenant's switches.</summary>
internal sealed class TenantGrain(IChannelStatuses statuses) : Grain, ITenantGrain
{
    /// <inheritdoc/>
    public Task SetSuspendedAsync(bool suspended, string? reason, CancellationToken cancellationToken) =>
        statuses.SetTenantSuspendedAsync(new TenantId(this.GetPrimaryKey()), suspended, reason, cancellationToken);
}
