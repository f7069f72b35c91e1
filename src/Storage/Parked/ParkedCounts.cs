using Channels.Storage.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Adds up what was parked, put back and thrown away, so that to know how many are parked stays cheap.</summary>
/// <remarks>
/// The table's own triggers write a row for each statement that parks webhooks or takes them away (migration parked_counts), in its transaction: the sum of a
/// group's rows is what is parked, whether they are added up or not. Which is the oldest and the newest is looked up where one was taken away, and only there.
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

    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);

    /// <summary>Adds up what has come, unless another process is at it.</summary>
    public static async Task AddUpAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // One at a time, and the lock before the moment is taken: who began earlier and ended later would write down an oldest that has gone since.
        await using var alone = new NpgsqlCommand("select pg_try_advisory_xact_lock($1)", connection, transaction) { Parameters = { new NpgsqlParameter { Value = LockKey } } };
        if (await alone.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return;
        }

        await using var add = new NpgsqlCommand(Add, connection, transaction);
        await add.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await AddUpAsync(database.Pipeline, stoppingToken);
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
    }
}
