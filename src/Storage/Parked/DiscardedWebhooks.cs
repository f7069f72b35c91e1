using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Parked;

/// <summary>Throws parked webhooks away on a person's word: those of channels that are gone, and what will never be read.</summary>
/// <remarks>In the books they end as finished, and among what was dropped with this reason: nothing vanishes without a row.</remarks>
public sealed class DiscardedWebhooks(TenantScope scope, TimeProvider clock)
{
    /// <summary>At the most at once.</summary>
    public const int Most = 500;

    /// <summary>Channels at the most at once.</summary>
    private const int MostChannels = 50;

    private const string Channels = $"""
        select distinct p.account_id from parked_webhook p join account a on a.tenant_id = p.tenant_id and a.id = p.account_id
        where {ParkedFilter.Sql} order by 1 limit $5
        """;

    // One channel in one transaction: its counters are rows that the message path's batches take too, and who holds one waits for no other.
    // The oldest is locked first, as by whoever puts some back: two who meet wait, and neither is undone.
    private const string Discard = $"""
        with past as materialized (
          select p.id from parked_webhook p join account a on a.tenant_id = p.tenant_id and a.id = p.account_id
          where {ParkedFilter.Sql} and ($5::uuid is null or p.id = $5) order by p.id limit $6 for update of p),
        gone as (
          delete from parked_webhook p using past where p.tenant_id = $1 and p.id = past.id returning p.account_id),
        finished as (
          insert into channel_counter as c (tenant_id, account_id, webhooks_finished)
          select $1, account_id, count(*) from gone group by account_id
          on conflict (tenant_id, account_id) do update set webhooks_finished = c.webhooks_finished + excluded.webhooks_finished),
        told as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select $1, account_id, 'event', 'a parked webhook that a person threw away', count(*), $7 from gone group by account_id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        select count(*) from gone
        """;

    /// <summary>Throws one away. False when there is none.</summary>
    public async Task<bool> DiscardAsync(TenantId tenant, WebhookId webhook, CancellationToken cancellationToken) =>
        await DiscardAsync(tenant, ParkedFilter.All, webhook.Value, 1, cancellationToken) == 1;

    /// <summary>Throws those away that fit, up to <see cref="Most"/>; fewer are not all when they are of very many channels. Answers how many.</summary>
    public async Task<long> DiscardAsync(TenantId tenant, ParkedFilter filter, CancellationToken cancellationToken)
    {
        ImmutableArray<Guid> accounts;
        await using (var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(Channels, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, MostChannels)], cancellationToken))
        {
            var rows = reading.Rows;
            accounts = await rows.ReadAllAsync(row => row.GetGuid(0), cancellationToken);
        }

        var gone = 0L;
        foreach (var account in accounts)
        {
            if (gone == Most)
            {
                break;
            }

            gone += await DiscardAsync(tenant, filter with { Account = new AccountId(account) }, null, Most - gone, cancellationToken);
        }

        return gone;
    }

    private async Task<long> DiscardAsync(TenantId tenant, ParkedFilter filter, Guid? webhook, long limit, CancellationToken cancellationToken)
    {
        await using var reading = await scope.QueryAsync(
            tenant, [Sql.Statement(Discard, tenant.Value, filter.Account?.Value, filter.Kind, filter.Cause, webhook, limit, clock.GetUtcNow())], cancellationToken);
        var row = reading.Rows;
        await row.ReadAsync(cancellationToken);
        return row.GetInt64(0);
    }
}
