using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Webhooks nobody could read: shown with their reason, and put back into the inbox when a person wants them tried again.</summary>
public sealed class ParkedWebhooks(TenantScope scope, IInboxHint hint, IdSource ids)
{
    // As many as one transaction moves; whoever has more calls again.
    private const int ReplayBatch = 500;

    private const string List = """
        select id, account_id, received_at, parked_at, reason, path, octet_length(body), substring(body for $5)
        from parked_webhook where tenant_id = $1 and ($2::uuid is null or account_id = $2)
        order by id desc limit $3 offset $4
        """;

    private const string Count = """
        select coalesce(sum(webhooks), 0)::bigint from parked_count where tenant_id = $1 and ($2::uuid is null or account_id = $2)
        """;

    private const string Select = """
        select id, account_id, received_at, parked_at, reason, path, octet_length(body), substring(body for $3)
        from parked_webhook where tenant_id = $1 and id = $2
        """;

    private const string Oldest = """
        select id from parked_webhook where tenant_id = $1 and account_id = $2 order by id limit $3
        """;

    // One statement: a webhook is either parked or in the inbox, never both, never neither. A deleted channel's stay parked.
    // The oldest is locked first, as by whoever else takes some away: two who meet wait, and neither is undone.
    internal const string Replay = """
        with held as materialized (
          select id from parked_webhook where tenant_id = $1 and id = any($2::uuid[]) order by id for update),
        back as (
          delete from parked_webhook p using held h, unnest($2::uuid[], $3::uuid[]) as r (parked, fresh)
          where p.tenant_id = $1 and p.id = h.id and h.id = r.parked
            and exists (select 1 from account a where a.tenant_id = $1 and a.id = p.account_id and a.deleted_at is null)
          returning p.account_id, r.fresh, p.received_at, p.path, p.body)
        insert into inbox (tenant_id, account_id, id, received_at, path, body)
        select $1, account_id, fresh, received_at, path, body from back
        returning account_id
        """;

    /// <summary>Parked webhooks, newest first, of one channel or of all, each with the first <paramref name="bodyLimit"/> bytes of its body.</summary>
    public async Task<Paged<ParkedRow>> ListAsync(TenantId tenant, AccountId? account, Page page, int bodyLimit, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant,
            [
                Sql.Statement(List, tenant.Value, account?.Value, page.Limit, page.Offset, bodyLimit),
                Sql.Statement(Count, tenant.Value, account?.Value),
            ],
            cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadPageAsync(Read, cancellationToken);
    }

    /// <summary>One parked webhook, or null.</summary>
    public async Task<ParkedRow?> FindAsync(TenantId tenant, WebhookId webhook, int bodyLimit, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, webhook.Value, bodyLimit)], cancellationToken);
        var rows = reading.Rows;
        return await rows.ReadAsync(cancellationToken) ? Read(rows) : null;
    }

    /// <summary>Puts one back at the end of its account's inbox. False when there is none, or its channel is gone.</summary>
    public async Task<bool> ReplayAsync(TenantId tenant, WebhookId webhook, CancellationToken cancellationToken) =>
        await ReplayAsync(tenant, [webhook.Value], cancellationToken) == 1;

    /// <summary>Puts a channel's parked webhooks back, oldest first, at most five hundred.</summary>
    public async Task<int> ReplayAllAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        ImmutableArray<Guid> parked;
        await using (var reading = await scope.QueryAsync(tenant, [Sql.Statement(Oldest, tenant.Value, account.Value, ReplayBatch)], cancellationToken))
        {
            var rows = reading.Rows;
            parked = await rows.ReadAllAsync(row => row.GetGuid(0), cancellationToken);
        }

        return parked.IsEmpty ? 0 : await ReplayAsync(tenant, [.. parked], cancellationToken);
    }

    private async Task<int> ReplayAsync(TenantId tenant, Guid[] parked, CancellationToken cancellationToken)
    {
        // Fresh ids: the account drains in id order, and what it has passed must not appear behind it.
        var fresh = Array.ConvertAll(parked, _ => ids.Next());
        ImmutableArray<Guid> accounts;
        await using (var reading = await scope.QueryAsync(tenant, [Sql.Statement(Replay, tenant.Value, parked, fresh)], cancellationToken))
        {
            var rows = reading.Rows;
            accounts = await rows.ReadAllAsync(row => row.GetGuid(0), cancellationToken);
        }

        foreach (var account in accounts.Distinct())
        {
            hint.PutBack(new AccountId(account));
        }

        return accounts.Length;
    }

    private static ParkedRow Read(NpgsqlDataReader row) => new(
        new WebhookId(row.GetGuid(0)), new AccountId(row.GetGuid(1)), row.GetFieldValue<DateTimeOffset>(2), row.GetFieldValue<DateTimeOffset>(3),
        row.GetString(4), row.GetString(5), row.GetInt32(6), row.GetFieldValue<byte[]>(7));
}

/// <summary>A parked webhook; the body may be its beginning only. Bodies hold gateways' tokens: redact before showing.</summary>
public sealed record ParkedRow(
    WebhookId Id, AccountId Account, DateTimeOffset ReceivedAt, DateTimeOffset ParkedAt, string Reason, string Path, int BodyBytes, byte[] Body)
{
    /// <inheritdoc/>
    public override string ToString() => $"Parked webhook {Id}";
}
