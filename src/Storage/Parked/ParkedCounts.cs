using Channels.Storage.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Adds up what was parked, put back and thrown away, so that to know how many are parked stays cheap.</summary>
/// <remarks>
/// The table's own triggers write a row for each statement that parks webhooks or takes them away (migration parked_counts), in its transaction: the sum of a
/// group's rows is what is parked, whether they are added up or not. Which is the oldest and the newest is looked up where one was taken away, and only there.
/// What no trigger saw (a dump that was put back with rows and counts alike, a table that somebody mended by hand) is found by counting once after each start.
/// A failure is logged and tried again; until then there are more rows than need be.
/// </remarks>
public sealed partial class ParkedCounts(ChannelsDatabase database, TimeProvider clock, ILogger<ParkedCounts> logger) : BackgroundService
{
    internal const long LockKey = 0x4348_5041_524B_4544; // "CHPARKED"

    // All of one moment: what is looked up is what the rows that are added up have left. An empty group leaves nothing.
    private const string Add = """
        with changed as materialized (
          select distinct tenant_id, account_id, cause from parked_count where not is_sum),
        gone as (
          delete from parked_count c using changed g where c.tenant_id = g.tenant_id and c.account_id = g.account_id and c.cause = g.cause returning c.*),
        added as materialized (
          select tenant_id, account_id, cause, sum(webhooks) as webhooks, min(oldest_at) as oldest_at, max(newest_at) as newest_at,
                 max(last_parked_at) as last_parked_at, bool_or(webhooks < 0) as less
          from gone group by tenant_id, account_id, cause having sum(webhooks) <> 0)
        insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at, is_sum)
        select a.tenant_id, a.account_id, a.cause, a.webhooks, case when a.less then o.received_at else a.oldest_at end,
               case when a.less then n.received_at else a.newest_at end, a.last_parked_at, true
        from added a
        left join lateral (
          select p.received_at from parked_webhook p where a.less and p.tenant_id = a.tenant_id and p.account_id = a.account_id and p.cause = a.cause
          order by p.received_at limit 1) as o on true
        left join lateral (
          select p.received_at from parked_webhook p where a.less and p.tenant_id = a.tenant_id and p.account_id = a.account_id and p.cause = a.cause
          order by p.received_at desc limit 1) as n on true
        """;

    // Rows and counts of one moment, and they are written in the same transactions: whatever is parked meanwhile is in neither or in both. Locks no writer out. The times of
    // a group of which there are fewer than was counted are looked up, as ever when some went.
    private const string Recount = """
        with there as materialized (
          select tenant_id, account_id, cause, count(*) as webhooks, min(received_at) as oldest_at, max(received_at) as newest_at
          from parked_webhook group by tenant_id, account_id, cause),
        counted as materialized (
          select tenant_id, account_id, cause, sum(webhooks) as webhooks from parked_count group by tenant_id, account_id, cause),
        wrong as materialized (
          select tenant_id, account_id, cause, coalesce(t.webhooks, 0) - coalesce(c.webhooks, 0) as missing, t.oldest_at, t.newest_at
          from there t full join counted c using (tenant_id, account_id, cause)
          where coalesce(t.webhooks, 0) <> coalesce(c.webhooks, 0))
        insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at)
        select w.tenant_id, w.account_id, w.cause, w.missing, case when w.missing > 0 then w.oldest_at end, case when w.missing > 0 then w.newest_at end,
               case when w.missing > 0 then p.last_parked_at end
        from wrong w
        left join lateral (
          select max(p.parked_at) as last_parked_at from parked_webhook p
          where w.missing > 0 and p.tenant_id = w.tenant_id and p.account_id = w.account_id and p.cause = w.cause) as p on true
        """;

    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);

    /// <summary>Adds up what has come, unless another process is at it.</summary>
    public static Task AddUpAsync(NpgsqlDataSource database, CancellationToken cancellationToken) => AloneAsync(database, Add, cancellationToken);

    /// <summary>Counts all that is parked, and corrects what the counts say otherwise. Reads an index from end to end.</summary>
    /// <returns>How many groups were wrong; null when another process is at it, or is adding up.</returns>
    public static Task<int?> RecountAsync(NpgsqlDataSource database, CancellationToken cancellationToken) => AloneAsync(database, Recount, cancellationToken);

    private static async Task<int?> AloneAsync(NpgsqlDataSource database, string statement, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // One at a time, and the lock before the moment is taken: who began earlier and ended later would write down an oldest that has gone since, or correct twice.
        await using var alone = new NpgsqlCommand("select pg_try_advisory_xact_lock($1)", connection, transaction) { Parameters = { new NpgsqlParameter { Value = LockKey } } };
        if (await alone.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return null;
        }

        // As long as it takes: nobody waits for it.
        await using var command = new NpgsqlCommand(statement, connection, transaction) { CommandTimeout = 0 };
        var rows = await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return rows;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var recounted = false;
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await AddUpAsync(database.Pipeline, stoppingToken);
                if (!recounted && await RecountAsync(database.Requests, stoppingToken) is { } wrong)
                {
                    recounted = true;
                    if (wrong > 0)
                    {
                        Log.Mended(logger, wrong);
                    }
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.Failed(logger, failure.GetType().Name, (failure as PostgresException)?.SqlState);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2225, LogLevel.Warning, "Counts of parked webhooks could not be added up ({Failure} {SqlState}); it is tried again")]
        public static partial void Failed(ILogger logger, string failure, string? sqlState);

        [LoggerMessage(2226, LogLevel.Warning, "Counts of parked webhooks were wrong for {Groups} groups of a channel and a cause, and are right now")]
        public static partial void Mended(ILogger logger, int groups);
    }
}
