using Channels.Core.Ids;
using Channels.Storage.Journal;
using Channels.Storage.Tenancy;

namespace Channels.Storage.Channels;

/// <summary>What a channel has done, and what is waiting in it.</summary>
public sealed record ChannelMetrics(
    ConnectorId Connector,
    long MessagesReceived, long MessagesSent, long MessagesFailed, long DuplicatesDropped, long WebhooksFinished, long WebhooksParked, long EventsWithoutRow,
    DateTimeOffset? LastMessageAt, DateTimeOffset? LastErrorAt, string? LastError, long WebhooksWaiting, long TurnsWaiting, long RepliesWaiting, long ParkedNow);

/// <summary>Reads a channel's counters and queues.</summary>
public sealed class ChannelMetricsReader(TenantScope scope, JournalContents? journal = null)
{
    // Events without a row are counted by reason; what the version before still counts during an upgrade has none.
    // Queues are counted up to 10 000: a page must not become slow just when things pile up. What is in the journal waits as well.
    private const string Select = """
        select coalesce(k.messages_received, 0), coalesce(k.messages_sent, 0), coalesce(k.messages_failed, 0), coalesce(k.duplicates_dropped, 0),
               coalesce(k.webhooks_finished, 0), coalesce(k.webhooks_parked, 0),
               coalesce(k.events_without_row, 0) + coalesce((select sum(d.dropped)::bigint from drop_counter d where d.tenant_id = $1 and d.account_id = $2 and d.what = 'event'), 0),
               k.last_message_at, k.last_error_at, k.last_error,
               (select count(*) from (select 1 from inbox where tenant_id = $1 and account_id = $2 limit 10000) q),
               (select count(*) from (select 1 from turn where tenant_id = $1 and account_id = $2 limit 10000) q),
               (select count(*) from (select 1 from outbox where tenant_id = $1 and account_id = $2 limit 10000) q),
               (select count(*) from (select 1 from parked_webhook where tenant_id = $1 and account_id = $2 limit 10000) q),
               a.connector_id
        from account a left join channel_counter k on k.tenant_id = a.tenant_id and k.account_id = a.id
        where a.tenant_id = $1 and a.id = $2 and a.deleted_at is null
        """;

    private const long MostCounted = 10_000;

    /// <summary>A channel's metrics, or null when the tenant has no such channel.</summary>
    public async Task<ChannelMetrics?> ReadAsync(TenantId tenant, AccountId account, CancellationToken cancellationToken)
    {
        var journaled = journal?.Of(tenant).Total(account).Count ?? 0;
        await using var reading = await scope.QueryAsync(tenant, [Sql.Statement(Select, tenant.Value, account.Value)], cancellationToken);
        var row = reading.Rows;
        return await row.ReadAsync(cancellationToken)
            ? new(
                new ConnectorId(row.GetGuid(14)), row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.Moment(7),
                row.Moment(8), row.Text(9), Math.Min(MostCounted, row.GetInt64(10) + journaled), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13))
            : null;
    }
}
