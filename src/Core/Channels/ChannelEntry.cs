using Channels.Core.Agents;
using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Core.Channels;

/// <summary>An account with its connector, as every step of the message path reads it: immutable, cached, secrets opened in memory only.</summary>
/// <param name="Tenant">The owner.</param>
/// <param name="Connector">Its connector.</param>
/// <param name="Account">The account; the channel id of the API.</param>
/// <param name="Kind">The channel kind's id.</param>
/// <param name="ConnectorStatus">The connector's status.</param>
/// <param name="Status">The account's own status.</param>
/// <param name="StatusReason">Why, where it is not active.</param>
/// <param name="Connection">What the connector needs to act for it.</param>
/// <param name="Agent">Who answers.</param>
/// <param name="Policy">What its owner decided about answering.</param>
/// <param name="TenantSuspended">The operator stopped this tenant: webhooks are kept, no turn starts, replies wait.</param>
public sealed record ChannelEntry(
    TenantId Tenant, ConnectorId Connector, AccountId Account, string Kind, ConnectorStatus ConnectorStatus, AccountStatus Status, string? StatusReason,
    Connection Connection, AgentSettings Agent, ChannelPolicy Policy, bool TenantSuspended)
{
    /// <summary>The word for what is wrong with the account itself; null when nothing is.</summary>
    public string? StatusCode { get; init; }

    /// <summary>The word for what keeps its connector from working; null when nothing does.</summary>
    public string? ConnectorCode { get; init; }

    /// <summary>What the provider wants less of; may be over.</summary>
    public AccountThrottle Throttle { get; init; } = AccountThrottle.None;

    /// <summary>Whether replies may leave.</summary>
    public bool MaySend => Status == AccountStatus.Active && ConnectorStatus == ConnectorStatus.Active && !TenantSuspended;

    /// <inheritdoc/>
    public override string ToString() => $"Channel {Account} ({Kind})";
}

/// <summary>Reads channels. Cached: a change is seen within a second on notification, within half a minute without.</summary>
public interface IChannelDirectory
{
    /// <summary>The channel of that id, or null when there certainly is none.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot say; never taken for 'unknown'.</exception>
    ValueTask<ChannelEntry?> FindAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Forgets what is cached about a channel, so that the next read asks the store.</summary>
    void Forget(AccountId account);
}
