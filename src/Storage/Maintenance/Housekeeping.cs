using System.Globalization;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Maintenance;

/// <summary>Keeps partitions ahead of time and trims what is past its keep: duplicate keys, early receipts, idempotency keys, late turns, events.</summary>
/// <remarks>Runs at start and then hourly, in slices, under an advisory lock so that one process does it. A failure is logged and tried again in an hour: nothing on the message path depends on it.</remarks>
public sealed partial class Housekeeping(ChannelsDatabase database, TimeProvider clock, ILogger<Housekeeping> logger) : BackgroundService
{
    /// <summary>As in migration 0009.</summary>
    private const string Vacuuming = "autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 200000";

    private const int Slice = 10_000;

    // A receipt whose message never became known is dropped here, and counted like everything that is. Answers how many went.
    private const string ForgetReceipts = """
        with gone as (
          delete from early_receipt where ctid in (select ctid from early_receipt where at < $1 limit $2) returning account_id),
        counted as (
          insert into drop_counter as n (tenant_id, account_id, what, reason, dropped, last_at)
          select a.tenant_id, a.id, 'event', 'a receipt whose message never came', count(*), now()
          from gone join account a on a.id = gone.account_id group by a.tenant_id, a.id
          on conflict (tenant_id, account_id, what, reason) do update set dropped = n.dropped + excluded.dropped, last_at = excluded.last_at)
        select count(*)::int from gone
        """;
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Duplicates are held off for longer than any provider redelivers (Meta: seven days).</summary>
    private static readonly TimeSpan DuplicateWindow = TimeSpan.FromDays(30);

    private static readonly TimeSpan EventKeep = TimeSpan.FromDays(28);

    /// <summary>A service is told for so long how a turn ended that it answers once more; longer than any turn stays open.</summary>
    private static readonly TimeSpan LateTurnKeep = TimeSpan.FromDays(7);

    /// <summary>Makes this and the next four weeks' partitions of the transcript and the events. Safe to repeat.</summary>
    /// <remarks>A week for which there are rows already stays in the default partition: a clock that was once set far ahead must not keep the product from starting when that time has come.</remarks>
    public static async Task EnsurePartitionsAsync(NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var monday = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-(((int)now.UtcDateTime.DayOfWeek + 6) % 7));
        for (var week = 0; week < 5; week++)
        {
            var from = monday + (week * Week);
            await EnsureAsync(database, "transcript", from, $"fillfactor = 85, {Vacuuming}", cancellationToken);
            await EnsureAsync(database, "event", from, Vacuuming, cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        do
        {
            try
            {
                await EnsurePartitionsAsync(database.Requests, clock, stoppingToken);
                await TrimAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException or IOException)
            {
                Log.Failed(logger, failure.GetType().Name, (failure as PostgresException)?.SqlState);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static async Task EnsureAsync(NpgsqlDataSource database, string table, DateTimeOffset from, string options, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{table}_{from:yyyyMMdd}");
        await using var exists = database.CreateCommand("select to_regclass($1) is not null");
        exists.Parameters.Add(new NpgsqlParameter { Value = name });
        if (await exists.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        // Names and bounds are ours alone; a table's name cannot be a parameter.
        await using var create = database.CreateCommand(
            $"create table if not exists {name} partition of {table} for values from ('{IdSource.Floor(from)}') to ('{IdSource.Floor(from + Week)}') with ({options})");
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // The default partition holds rows of that week, and goes on taking them.
        }
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await SliceAsync("delete from message_key where (tableoid, ctid) in (select tableoid, ctid from message_key where message_id < $1 limit $2)", IdSource.Floor(now - DuplicateWindow), cancellationToken);
        await SliceAsync(ForgetReceipts, now - TimeSpan.FromDays(2), async command => (int)(await command.ExecuteScalarAsync(cancellationToken))!);
        await SliceAsync("delete from idempotency_key where ctid in (select ctid from idempotency_key where created_at < $1 limit $2)", now - TimeSpan.FromDays(2), cancellationToken);
        await SliceAsync("delete from late_turn where ctid in (select ctid from late_turn where turn_id < $1 limit $2)", IdSource.Floor(now - LateTurnKeep), cancellationToken);
        await SliceAsync("delete from event where (tableoid, ctid) in (select tableoid, ctid from event where id < $1 limit $2)", IdSource.Floor(now - EventKeep), cancellationToken);
    }

    private Task SliceAsync(string sql, object edge, CancellationToken cancellationToken) =>
        SliceAsync(sql, edge, command => command.ExecuteNonQueryAsync(cancellationToken));

    private async Task SliceAsync(string sql, object edge, Func<NpgsqlCommand, Task<int>> runAsync)
    {
        int gone;
        do
        {
            await using var command = database.Requests.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = edge });
            command.Parameters.Add(new NpgsqlParameter { Value = Slice });
            gone = await runAsync(command);
        }
        while (gone == Slice);
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "Housekeeping could not finish ({Failure} {SqlState}); it goes on in an hour")]
        public static partial void Failed(ILogger logger, string failure, string? sqlState);
    }
}
