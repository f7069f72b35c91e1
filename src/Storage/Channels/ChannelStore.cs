using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Channels;

/// <summary>A tenant's channels: an account with its connector each. Secrets go in sealed and do not come out here.</summary>
/// <remarks>
/// Writes what the owner decides (name, settings, agent, policy); status belongs to the account's grain.
/// Whoever caches channels is told by the tables' triggers.
/// </remarks>
public sealed class ChannelStore(TenantScope scope, SecretVault vault, IdSource ids, TimeProvider clock)
{
    private const string InsertConnector = """
        insert into connector (tenant_id, id, kind, settings, secrets, status, status_since, created_at, updated_at)
        values ($1, $2, $3, $4::jsonb, $5::bytea, 'pending', $6, $6, $6)
        """;

    private const string InsertAccount = """
        insert into account (tenant_id, id, connector_id, kind, name, identity, org_unit_id, webhook_secret, agent, agent_secrets, policy, status, status_since,
                             created_at, updated_at)
        select $1, $2, $3, $12, $4, $5, o.id, $7, $8::jsonb, $9::bytea, $10::jsonb, 'pending', $11, $11, $11
        from org_unit o where o.tenant_id = $1 and (o.id = $6::uuid or $6::uuid is null and o.is_default)
        """;

    private const string Select = $"""
        select {ChannelRows.Columns}
        from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
        where a.tenant_id = $1 and a.id = $2 and a.deleted_at is null
        """;

    // Index account_listed holds all of it: which rows are on the page, and how many there are, is found without reading one of them.
    private const string Listed = """
        from account a
        where a.tenant_id = $1 and a.deleted_at is null and ($2::text is null or a.kind = $2) and ($3::text is null or a.search like (select lower($3)))
        """;

    // Index account_by_status: what other statuses there are, and what the connectors say, is not even read.
    private const string ListedByStatus = $"{Listed} and a.shown_status = $4";

    private const string OfPage = $"""
        select {ChannelRows.Columns}
        from page p join account a on a.tenant_id = $1 and a.id = p.id join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
        order by a.created_at desc, a.id desc
        """;

    private const string List = $"""
        with page as materialized (
          select a.id {Listed}
          order by a.created_at desc, a.id desc limit $4 offset $5)
        {OfPage}
        """;

    private const string ListByStatus = $"""
        with page as materialized (
          select a.id {ListedByStatus}
          order by a.created_at desc, a.id desc limit $5 offset $6)
        {OfPage}
        """;

    private const string Count = $"select count(*) {Listed}";

    private const string CountByStatus = $"select count(*) {ListedByStatus}";

    private const string Kinds = """
        select a.id, c.kind from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id where a.tenant_id = $1 and a.id = any($2::uuid[])
        """;

    internal const string StillTaken = $"array(select f.secret from {TakenStill})";

    internal const string StillTakenUntil = $"array(select f.until from {TakenStill})";

    // Of very many rotations within a while only the last few: each is tried with each webhook that shows another secret.
    private const string TakenStill = "unnest(former_webhook_secrets, former_webhook_secrets_until) as f (secret, until) where f.until > now() order by f.until desc limit 3";

    private const string UpdateWebhookSecret = $$"""
        update account
        set webhook_secret = $3, updated_at = $4,
            former_webhook_secrets = case when $5::timestamptz is null then '{}' else array_append({{StillTaken}}, webhook_secret) end,
            former_webhook_secrets_until = case when $5::timestamptz is null then '{}' else array_append({{StillTakenUntil}}, $5) end
        where tenant_id = $1 and id = $2 and deleted_at is null
        """;

    // The secrets go at once; the transcript stays, under the tenant's retention.
    private const string DeleteAccount = """
        update account set deleted_at = $3, updated_at = $3, status = 'inactive', status_since = $3, webhook_secret = '', former_webhook_secrets = '{}', former_webhook_secrets_until = '{}', agent_secrets = null
        where tenant_id = $1 and id = $2 and deleted_at is null
        """;

    private const string ArchiveConnector = """
        update connector set status = 'archived', status_since = $3, updated_at = $3, secrets = null
        where tenant_id = $1 and id = (select connector_id from account where tenant_id = $1 and id = $2)
        """;

    private const string DropSession = """
        delete from session where tenant_id = $1 and account_id = $2
        """;

    private const string DropIntake = """
        delete from intake where tenant_id = $1 and account_id = $2
        """;

    private const string DropClaims = """
        delete from channel_claim where tenant_id = $1 and account_id = $2
        """;

    /// <summary>Makes an account with its connector, pending until it is activated.</summary>
    public async Task<ChannelWrite> CreateAsync(TenantId tenant, ChannelDraft draft, CancellationToken cancellationToken)
    {
        var connector = ids.Next();
        var account = new AccountId(ids.Next());
        var now = clock.GetUtcNow();
        var settings = await SealAsync(tenant, SecretPurpose.Settings(connector), draft.SecretsJson, cancellationToken);
        var webhook = await vault.SealAsync(tenant, SecretPurpose.Webhook(account.Value), draft.WebhookSecret, cancellationToken);
        var agent = await SealAsync(tenant, SecretPurpose.Agent(account.Value), draft.AgentSecretsJson, cancellationToken);

        await using var work = await scope.BeginAsync(tenant, cancellationToken);
        await work.ExecuteAsync(InsertConnector, cancellationToken, tenant.Value, connector, draft.Kind, draft.SettingsJson, settings, now);
        var inserted = await work.ExecuteAsync(
            InsertAccount, cancellationToken, tenant.Value, account.Value, connector, draft.Name, draft.Identity ?? account.ToString(), draft.OrgUnit, webhook,
            draft.AgentJson, agent, PolicyJson.Write(draft.Policy), now, draft.Kind);
        if (inserted == 0)
        {
            return new ChannelWrite.UnknownOrgUnit();
        }

        if (await ChannelClaims.TakeAsync(work, tenant, account, draft.Claims, cancellationToken) is { } taken)
        {
            return new ChannelWrite.Taken(taken);
        }

        // Before the commit: afterwards somebody may already have deleted it.
        ChannelDetails made;
        await using (var rows = await work.QueryAsync(Select, cancellationToken, tenant.Value, account.Value))
        {
            await rows.ReadAsync(cancellationToken);
            made = ChannelRows.Read(rows);
        }

        await work.CommitAsync(cancellationToken);
        return new ChannelWrite.Written(made);
    }

    /// <summary>One channel, or null.</summary>
    public async Task<ChannelDetails?> FindAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, account.Value)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? ChannelRows.Read(rows) : null;
    }

    /// <summary>Channels, newest first.</summary>
    public async Task<Paged<ChannelDetails>> ListAsync(TenantId tenant, ChannelFilter filter, Page page, CancellationToken cancellationToken)
    {
        var pattern = PagedReading.Containing(filter.Search);
        NpgsqlBatchCommand[] statements = filter.Status is { } status
            ?
            [
                Sql.Statement(ListByStatus, tenant.Value, filter.Kind, pattern, status, page.Limit, page.Offset),
                Sql.Statement(CountByStatus, tenant.Value, filter.Kind, pattern, status),
            ]
            :
            [
                Sql.Statement(List, tenant.Value, filter.Kind, pattern, page.Limit, page.Offset),
                Sql.Statement(Count, tenant.Value, filter.Kind, pattern),
            ];
        await using var reading = await scope.QueryAsync(tenant, statements, cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(ChannelRows.Read, cancellationToken);
    }

    /// <summary>The kinds of these accounts, deleted ones included; those of other tenants are left out.</summary>
    public async Task<IReadOnlyDictionary<AccountId, string>> KindsAsync(TenantId tenant, ImmutableArray<AccountId> accounts, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Kinds, tenant.Value, accounts.Select(account => account.Value).ToArray())], cancellationToken);
        var rows = reading.Rows;
        return (await rows.ReadAllAsync(row => (Account: new AccountId(row.GetGuid(0)), Kind: row.GetString(1)), cancellationToken))
            .ToDictionary(pair => pair.Account, pair => pair.Kind);
    }

    /// <summary>Opens a channel for change: nobody else changes it until the edit is disposed. Null when there is none.</summary>
    public Task<ChannelEdit?> EditAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken) =>
        ChannelEdit.OpenAsync(scope, vault, clock, tenant, account, cancellationToken);

    /// <summary>Replaces what the provider must present to us. False when the tenant has no such channel.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="account">Which.</param>
    /// <param name="secret">The new one.</param>
    /// <param name="formerUntil">Until when the one before is taken as well; null for no longer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> SetWebhookSecretAsync(TenantId tenant, AccountId account, string secret, DateTimeOffset? formerUntil, CancellationToken cancellationToken)
    {
        var sealedSecret = await vault.SealAsync(tenant, SecretPurpose.Webhook(account.Value), secret, cancellationToken);
        var statement = Sql.Statement(UpdateWebhookSecret, tenant.Value, account.Value, sealedSecret, clock.GetUtcNow(), formerUntil);
        return await scope.ExecuteAsync(tenant, statement, cancellationToken) == 1;
    }

    /// <summary>Takes a channel away. False when the tenant has no such channel.</summary>
    public async Task<bool> DeleteAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var work = await scope.BeginAsync(tenant, cancellationToken);
        if (await work.ExecuteAsync(DeleteAccount, cancellationToken, tenant.Value, account.Value, now) == 0)
        {
            return false;
        }

        await work.ExecuteAsync(ArchiveConnector, cancellationToken, tenant.Value, account.Value, now);
        await work.ExecuteAsync(DropSession, cancellationToken, tenant.Value, account.Value);
        await work.ExecuteAsync(DropIntake, cancellationToken, tenant.Value, account.Value);
        await work.ExecuteAsync(DropClaims, cancellationToken, tenant.Value, account.Value);
        await work.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<byte[]?> SealAsync(TenantId tenant, SecretPurpose purpose, string? secret, CancellationToken cancellationToken) =>
        secret is null ? null : await vault.SealAsync(tenant, purpose, secret, cancellationToken);
}

/// <summary>Which channels a list shows; null for all.</summary>
public sealed record ChannelFilter(string? Kind, string? Status, string? Search);
