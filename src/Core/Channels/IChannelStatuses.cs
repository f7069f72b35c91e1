using Channels.Core.Ids;

namespace Channels.Core.Channels;

/// <summary>Writes what the grains observe about channels and tenants. Each change leaves a row in the status history and an event.</summary>
public interface IChannelStatuses
{
    /// <summary>Replaces the account's status; says whether it was another before. An account that becomes active makes a connector active that was only waiting.</summary>
    Task<bool> SetAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken);

    /// <summary>As <see cref="SetAccountAsync"/>, for what was seen and nobody asked for: an account that its owner has switched off, perhaps while it was being said, stays off.</summary>
    Task<bool> ObserveAccountAsync(
        TenantId tenant, AccountId account, AccountStatus status, string? code, string? reason, string? nextStep, CancellationToken cancellationToken);

    /// <summary>Nothing of the account is sent until then; what is asked already is never shortened.</summary>
    Task HoldAccountAsync(TenantId tenant, AccountId account, DateTimeOffset until, string reason, CancellationToken cancellationToken);

    /// <summary>Replaces the connector's status; says whether it was another before.</summary>
    Task<bool> SetConnectorAsync(
        TenantId tenant, ConnectorId connector, ConnectorStatus status, string? code, string? reason, CancellationToken cancellationToken);

    /// <summary>The kill switch.</summary>
    Task SetTenantSuspendedAsync(TenantId tenant, bool suspended, string? reason, CancellationToken cancellationToken);
}
