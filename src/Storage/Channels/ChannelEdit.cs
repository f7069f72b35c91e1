using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>A channel held for change, with its secrets opened so that a partial change can be checked as a whole.</summary>
public sealed class ChannelEdit : IAsyncDisposable
{
    private const string Lock = $"""
        select {ChannelRows.Columns}, c.secrets, a.webhook_secret, a.agent_secrets
        from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
        where a.tenant_id = $1 and a.id = $2 and a.deleted_at is null
        for update of a, c
        """;

    private const string UpdateConnector = """
        update connector set settings = $3::jsonb, secrets = $4::bytea, updated_at = $5 where tenant_id = $1 and id = $2
        """;

    private const string UpdateAccount = $"""
        update account a
        set name = $3, identity = $4, org_unit_id = o.id, webhook_secret = $6, agent = $7::jsonb, agent_secrets = $8::bytea, policy = $9::jsonb, updated_at = $10,
            former_webhook_secrets = case when $11::timestamptz is null then a.former_webhook_secrets else array_append({ChannelStore.StillTaken}, a.webhook_secret) end,
            former_webhook_secrets_until = case when $11::timestamptz is null then a.former_webhook_secrets_until else array_append({ChannelStore.StillTakenUntil}, $11) end
        from org_unit o
        where a.tenant_id = $1 and a.id = $2 and o.tenant_id = $1 and (o.id = $5::uuid or $5::uuid is null and o.is_default)
        """;

    private readonly TenantWork _work;
    private readonly SecretVault _vault;
    private readonly TimeProvider _clock;
    private readonly TenantId _tenant;

    private ChannelEdit(TenantWork work, SecretVault vault, TimeProvider clock, TenantId tenant, ChannelDetails channel, OpenedSecrets secrets)
    {
        _work = work;
        _vault = vault;
        _clock = clock;
        _tenant = tenant;
        Channel = channel;
        Secrets = secrets;
    }

    /// <summary>As it is now.</summary>
    public ChannelDetails Channel { get; }

    /// <summary>Its secrets, in memory only.</summary>
    public OpenedSecrets Secrets { get; }

    internal static async Task<ChannelEdit?> OpenAsync(
        TenantScope scope, SecretVault vault, TimeProvider clock, TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        var work = await scope.BeginAsync(tenant, cancellationToken);
        try
        {
            if (await ReadAsync(work, tenant, account, cancellationToken) is not { } row)
            {
                await work.DisposeAsync();
                return null;
            }

            var secrets = new OpenedSecrets(
                row.Settings is null ? null : await vault.OpenAsync(tenant, SecretPurpose.Settings(row.Channel.Connector.Value), row.Settings, cancellationToken),
                await vault.OpenAsync(tenant, SecretPurpose.Webhook(account.Value), row.Webhook, cancellationToken),
                row.Agent is null ? null : await vault.OpenAsync(tenant, SecretPurpose.Agent(account.Value), row.Agent, cancellationToken));
            return new(work, vault, clock, tenant, row.Channel, secrets);
        }
        catch
        {
            await work.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the draft in place of what was there, and commits.</summary>
    public async Task<ChannelWrite> SaveAsync(ChannelDraft draft, CancellationToken cancellationToken)
    {
        var account = Channel.Account;
        var now = _clock.GetUtcNow();
        var settings = await SealAsync(SecretPurpose.Settings(Channel.Connector.Value), draft.SecretsJson, cancellationToken);
        var webhook = await _vault.SealAsync(_tenant, SecretPurpose.Webhook(account.Value), draft.WebhookSecret, cancellationToken);
        var agent = await SealAsync(SecretPurpose.Agent(account.Value), draft.AgentSecretsJson, cancellationToken);

        await _work.ExecuteAsync(UpdateConnector, cancellationToken, _tenant.Value, Channel.Connector.Value, draft.SettingsJson, settings, now);
        var updated = await _work.ExecuteAsync(
            UpdateAccount, cancellationToken, _tenant.Value, account.Value, draft.Name, draft.Identity ?? account.ToString(), draft.OrgUnit, webhook,
            draft.AgentJson, agent, PolicyJson.Write(draft.Policy), now, draft.WebhookSecret == Secrets.Webhook ? null : now + FormerSecret.Usually);
        if (updated == 0)
        {
            return new ChannelWrite.UnknownOrgUnit();
        }

        if (await ChannelClaims.TakeAsync(_work, _tenant, account, draft.Claims, cancellationToken) is { } taken)
        {
            return new ChannelWrite.Taken(taken);
        }

        var written = await ReadAsync(_work, _tenant, account, cancellationToken);
        await _work.CommitAsync(cancellationToken);

        // Not with the edit, which may be kept while a gateway is asked.
        await _work.DisposeAsync();
        return new ChannelWrite.Written(written!.Channel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private static async Task<Row?> ReadAsync(TenantWork work, TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        await using var rows = await work.QueryAsync(Lock, cancellationToken, tenant.Value, account.Value);
        return await rows.ReadAsync(cancellationToken)
            ? new(ChannelRows.Read(rows), rows.Bytes(ChannelRows.Count), rows.GetFieldValue<byte[]>(ChannelRows.Count + 1), rows.Bytes(ChannelRows.Count + 2))
            : null;
    }

    private async Task<byte[]?> SealAsync(SecretPurpose purpose, string? secret, CancellationToken cancellationToken) =>
        secret is null ? null : await _vault.SealAsync(_tenant, purpose, secret, cancellationToken);

    private sealed record Row(ChannelDetails Channel, byte[]? Settings, byte[] Webhook, byte[]? Agent);
}

/// <summary>A channel's secrets in clear. Never logged, never answered.</summary>
/// <param name="SettingsJson">The kind's secret settings, a JSON object.</param>
/// <param name="Webhook">What the provider presents to us.</param>
/// <param name="AgentJson">The agent's secret settings, a JSON object.</param>
public sealed record OpenedSecrets(string? SettingsJson, string Webhook, string? AgentJson)
{
    /// <inheritdoc/>
    public override string ToString() => "secrets";
}
