using System.Collections.Immutable;
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

    /// <summary>Webhook secrets from before a rotation, while they are still taken; may be over.</summary>
    public ImmutableArray<FormerSecret> FormerWebhookSecrets { get; init; } = [];

    /// <summary>Whether a webhook proves where it comes from: by the account's secret, or by one before it, of which the provider may not have been told yet.</summary>
    public bool IsProvenBy(IConnector connector, WebhookRequest request, DateTimeOffset now) =>
        connector.IsAuthentic(request, Connection, now)
        || FormerWebhookSecrets.Any(former => now < former.Until && connector.IsAuthentic(request, Connection with { WebhookSecret = former.Secret }, now));

    /// <summary>Whether replies may leave.</summary>
    public bool MaySend => Status == AccountStatus.Active && ConnectorStatus == ConnectorStatus.Active && !TenantSuspended;

    /// <inheritdoc/>
    public override string ToString() => $"Channel {Account} ({Kind})";
}

/// <summary>A secret that another has taken the place of.</summary>
/// <param name="Secret">The secret.</param>
/// <param name="Until">It is taken until then.</param>
public sealed record FormerSecret(string Secret, DateTimeOffset Until)
{
    /// <summary>How long it is taken where nobody says otherwise: long enough to tell the provider of the new one.</summary>
    public static readonly TimeSpan Usually = TimeSpan.FromHours(1);

    /// <summary>It is taken no longer than this, whoever asks.</summary>
    public static readonly TimeSpan AtMost = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public override string ToString() => $"former secret, until {Until:O}";
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
