using Channels.Core.Channels;
using Channels.Core.Ids;

namespace Channels.Grains.Tests.Delivery;

/// <summary>Nobody asks: these tests are about what stays in memory.</summary>
internal sealed class NoStatuses : IChannelStatuses
{
    public Task<bool> SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<bool> SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken) => throw new NotSupportedException();
}
