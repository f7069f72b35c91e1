using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Channels.Core;
using Channels.Core.Agents;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Storage.Caching;
using Channels.Storage.Database;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Channels;

/// <summary>Channels by id, secrets opened, for every step of the message path: what lets the front end work alone.</summary>
/// <remarks>
/// Before step 1 of 6. Reads as the owner of the tables: a webhook's channel is known before its tenant.
/// A store that does not answer is never taken for an unknown channel: gateways do not repeat what got a 404.
/// </remarks>
public sealed partial class ChannelDirectory : IChannelDirectory
{
    private const string Select = """
        select a.tenant_id, a.connector_id, c.kind, c.status, a.status, coalesce(a.status_reason, c.status_reason), a.identity, c.settings::text, c.secrets,
               a.webhook_secret, a.agent::text, a.agent_secrets, a.policy::text, t.suspended_at is not null, a.held_until, a.held_reason, a.slowed_until, a.slowed_reason, a.status_code,
               c.status_code, a.former_webhook_secrets, a.former_webhook_secrets_until
        from account a
        join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
        join tenant t on t.id = a.tenant_id
        where a.id = $1 and a.deleted_at is null
        """;

    private readonly NpgsqlDataSource _db;
    private readonly SecretVault _vault;
    private readonly PublicAddress _address;
    private readonly ILogger<ChannelDirectory> _logger;
    private readonly ExpiringCache<AccountId, ChannelEntry> _entries;

    /// <summary>Creates it.</summary>
    public ChannelDirectory(NpgsqlDataSource db, SecretVault vault, PublicAddress address, TimeProvider clock, ILogger<ChannelDirectory> logger)
    {
        _db = db;
        _vault = vault;
        _address = address;
        _logger = logger;
        _entries = new(clock, new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2), 50_000), LoadAsync);
    }

    /// <inheritdoc/>
    public ValueTask<ChannelEntry?> FindAsync(AccountId account, CancellationToken cancellationToken) => _entries.GetAsync(account, cancellationToken);

    /// <inheritdoc/>
    public void Forget(AccountId account) => _entries.Forget(account);

    /// <summary>Forgets a connector's accounts.</summary>
    internal void Forget(ConnectorId connector) => _entries.ForgetWhere(entry => entry.Connector == connector);

    /// <summary>Forgets a tenant's accounts.</summary>
    internal void Forget(TenantId tenant) => _entries.ForgetWhere(entry => entry.Tenant == tenant);

    /// <summary>Forgets everything: for when changes may have been missed.</summary>
    internal void ForgetAll() => _entries.Clear();

    private async Task<ChannelEntry?> LoadAsync(AccountId account, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(account, cancellationToken) is { } row ? await OpenAsync(account, row, cancellationToken) : null;
        }
        catch (Exception failure) when (StoreFaults.IsUnavailable(failure) || failure is OperationCanceledException)
        {
            throw new StoreUnavailableException("The channel cannot be looked up now.", failure);
        }
        catch (CryptographicException failure)
        {
            // A wrong master key, most likely: a person must act, and until then we know nothing that could justify a 401 or 404.
            Log.CannotOpen(_logger, account, failure.Message);
            throw new StoreUnavailableException("The channel's secrets cannot be opened.", failure);
        }
    }

    private async Task<Row?> ReadAsync(AccountId account, CancellationToken cancellationToken)
    {
        await using var command = _db.CreateCommand(Select);
        Sql.Add(command.Parameters, account.Value);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(
                new(row.GetGuid(0)), new(row.GetGuid(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.Text(5), row.GetString(6), row.GetString(7),
                row.Bytes(8), row.GetFieldValue<byte[]>(9), row.GetString(10), row.Bytes(11), row.GetString(12), row.GetBoolean(13),
                new AccountThrottle(row.Moment(14), row.Text(15), row.Moment(16), row.Text(17)), row.Text(18), row.Text(19),
                row.GetFieldValue<byte[][]>(20), row.GetFieldValue<DateTime[]>(21))
            : null;
    }

    private async Task<ChannelEntry> OpenAsync(AccountId account, Row row, CancellationToken cancellationToken)
    {
        var settings = JsonText.Merge(
            JsonText.Parse(row.Settings), await OpenAsync(row.Tenant, SecretPurpose.Settings(row.Connector.Value), row.Secrets, cancellationToken));
        var agent = JsonText.Merge(
            JsonText.Parse(row.Agent), await OpenAsync(row.Tenant, SecretPurpose.Agent(account.Value), row.AgentSecrets, cancellationToken));
        var webhookSecret = await _vault.OpenAsync(row.Tenant, SecretPurpose.Webhook(account.Value), row.WebhookSecret, cancellationToken);
        return new(
            row.Tenant, row.Connector, account, row.Kind,
            StatusWords.FromWord<ConnectorStatus>(row.ConnectorStatus) ?? ConnectorStatus.Error,
            StatusWords.FromWord<AccountStatus>(row.Status) ?? AccountStatus.Error,
            row.StatusReason,
            new Connection(row.Tenant, account, row.Identity, settings, webhookSecret, _address.WebhookUrl(row.Kind, account)),
            new AgentSettings(KindOf(agent), agent),
            PolicyJson.Read(JsonText.Parse(row.Policy)),
            row.TenantSuspended) { Throttle = row.Throttle, StatusCode = row.StatusCode, ConnectorCode = row.ConnectorCode,
            FormerWebhookSecrets = await FormerAsync(account, row, cancellationToken) };
    }

    // One that cannot be opened (the master key it was sealed with is lost) is none: the channel goes on with the secret that took its place.
    private async ValueTask<ImmutableArray<FormerSecret>> FormerAsync(AccountId account, Row row, CancellationToken cancellationToken)
    {
        var opened = ImmutableArray.CreateBuilder<FormerSecret>(row.FormerSecrets.Length);
        foreach (var (former, until) in row.FormerSecrets.Zip(row.FormerUntil))
        {
            try
            {
                opened.Add(new(await _vault.OpenAsync(row.Tenant, SecretPurpose.Webhook(account.Value), former, cancellationToken), new DateTimeOffset(until, TimeSpan.Zero)));
            }
            catch (CryptographicException failure)
            {
                Log.CannotOpenFormer(_logger, account, failure.Message);
            }
        }

        return opened.ToImmutable();
    }

    private async ValueTask<string?> OpenAsync(TenantId tenant, SecretPurpose purpose, byte[]? sealedBytes, CancellationToken cancellationToken) =>
        sealedBytes is null ? null : await _vault.OpenAsync(tenant, purpose, sealedBytes, cancellationToken);

    private static string KindOf(JsonElement agent) =>
        agent.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String ? kind.GetString()! : AgentSettings.None.Kind;

    private sealed record Row(
        TenantId Tenant, ConnectorId Connector, string Kind, string ConnectorStatus, string Status, string? StatusReason, string Identity, string Settings,
        byte[]? Secrets, byte[] WebhookSecret, string Agent, byte[]? AgentSecrets, string Policy, bool TenantSuspended, AccountThrottle Throttle, string? StatusCode,
        string? ConnectorCode, byte[][] FormerSecrets, DateTime[] FormerUntil);

    private static partial class Log
    {
        [LoggerMessage(2101, LogLevel.Error, "The secrets of channel {Account} cannot be opened ({Problem}). Is the master key the one they were sealed with? Webhooks get 503 until then")]
        public static partial void CannotOpen(ILogger logger, AccountId account, string problem);

        [LoggerMessage(2104, LogLevel.Warning, "A former webhook secret of channel {Account} cannot be opened ({Problem}): webhooks that still show it get 401")]
        public static partial void CannotOpenFormer(ILogger logger, AccountId account, string problem);
    }
}
