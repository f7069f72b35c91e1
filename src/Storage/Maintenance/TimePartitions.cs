using System.Collections.Immutable;
using System.Globalization;
using Channels.Core.Ids;
using Npgsql;

namespace Channels.Storage.Maintenance;

/// <summary>The weeks that the transcript and the events are partitioned by, after the time in their rows' ids: made ahead of time, dropped when they are past their keep.</summary>
/// <remarks>What has no week of its own is in the default partition, so a missing one loses nothing; it is only trimmed row by row.</remarks>
public static class TimePartitions
{
    /// <summary>As in migration 0009.</summary>
    private const string Vacuuming = "autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 200000";

    /// <summary>The message path waits behind whoever waits for such a lock. Not longer than this; who does not get it tries again in an hour.</summary>
    private const string Patience = "set local lock_timeout = '200ms'";

    /// <summary>How long they may have to wait for the look through the default partition besides: some millions of rows. No start fails for it.</summary>
    private const string PatienceWithLook = "set local statement_timeout = '5s'";

    /// <summary>Whether something that is not finished needs messages between two ids. Few are unfinished: their tables are small.</summary>
    private const string Unfinished = """
        select exists (select from turn where message_id >= $1 and message_id < $2)
            or exists (select from outbox where message_id >= $1 and message_id < $2)
            or exists (select from held_echo where message_id >= $1 and message_id < $2)
        """;

    private const string Weeks = """
        select c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = $1::text::regclass and c.relname ~ '_[0-9]{8}$'
        order by c.relname
        """;

    /// <summary>Bytes of a default partition from which on a new week is proven to have no rows in it before it is made.</summary>
    private const long Large = 32 << 20;

    private static readonly TimeSpan _week = TimeSpan.FromDays(7);
    private static readonly TimeSpan _hoursToMake = TimeSpan.FromHours(6);

    /// <summary>The tables.</summary>
    public static string Transcript => "transcript";

    /// <inheritdoc cref="Transcript"/>
    public static string Event => "event";

    /// <summary>Makes this and the next four weeks' partitions of the transcript and the events. Safe to repeat.</summary>
    /// <remarks>
    /// A week for which there are rows already stays in the default partition: a clock that was once set far ahead must not keep the product from starting when that time has come.
    /// A table that is in use for long, or whose default partition is too large to be read through while everybody waits, is left for the next time: it takes rows as it is.
    /// </remarks>
    public static Task EnsureAsync(NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellationToken) => EnsureAsync(database, clock, Large, cancellationToken);

    /// <inheritdoc cref="EnsureAsync(NpgsqlDataSource, TimeProvider, CancellationToken)"/>
    internal static async Task EnsureAsync(NpgsqlDataSource database, TimeProvider clock, long large, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var monday = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-(((int)now.UtcDateTime.DayOfWeek + 6) % 7));
        for (var week = 0; week < 5; week++)
        {
            var from = monday + (week * _week);
            foreach (var (table, options) in new[] { (Transcript, $"fillfactor = 85, {Vacuuming}"), (Event, Vacuuming) })
            {
                if (await ExistsAsync(database, NameOf(table, from), cancellationToken))
                {
                    continue;
                }

                var isLarge = await IsLargeAsync(database, table, large, cancellationToken);
                if (isLarge && await HasRowsAsync(database, table, from, cancellationToken))
                {
                    // It goes on taking them. This look keeps nobody out.
                    continue;
                }

                // What is proven keeps rows of that week out until it is made: hours must be left to make it. Once it has nearly begun, it is made only if that takes no time.
                if (!isLarge || from - now < _hoursToMake || await ProveAsync(database, table, from, cancellationToken))
                {
                    await MakeAsync(database, table, from, options, cancellationToken);
                }
            }
        }
    }

    /// <summary>Drops the weeks that ended before a moment, as many as can be had without making anybody wait.</summary>
    /// <returns>What became of each: dropped; in use, for another time; or needed by something unfinished.</returns>
    public static async Task<ImmutableArray<PastWeek>> DropAsync(NpgsqlDataSource database, string table, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var weeks = ImmutableArray.CreateBuilder<PastWeek>();
        await using var list = database.CreateCommand(Weeks);
        list.Parameters.Add(new NpgsqlParameter { Value = table });
        await using (var reader = await list.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var name = reader.GetString(0);
                if (DateTimeOffset.TryParseExact(name[^8..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var from) && from + _week <= before)
                {
                    weeks.Add(new PastWeek(name, from, from + _week, reader.GetInt64(1), reader.GetInt64(2), PastWeekOutcome.InUse));
                }
            }
        }

        for (var i = 0; i < weeks.Count; i++)
        {
            weeks[i] = weeks[i] with { Outcome = await DropAsync(database, table, weeks[i], cancellationToken) };
        }

        return weeks.ToImmutable();
    }

    // Detaching a week concurrently is not possible beside a default partition.
    private static async Task<PastWeekOutcome> DropAsync(NpgsqlDataSource database, string table, PastWeek week, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // Before any lock as well: one old turn may keep its week for months, and nobody need wait for that answer every hour.
        if (table == Transcript && await IsNeededAsync(connection, week, cancellationToken))
        {
            return PastWeekOutcome.Needed;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            if (table == Event)
            {
                // Before the lock against everybody, for it takes as long as there are tenants: 32 ms for 1,000, 1.7 s for 50,000. A late receipt of a message of this week
                // is written here, under the message's id, and waits meanwhile: what came in between would go unsaid. It is found in the way at the next lock, so that
                // this week goes at another time. Any tenant's last may be a new one, so looking without the lock first would spare none of the looking under it.
                await ExecuteAsync(connection, $"{Patience}; lock table {week.Name} in share mode", cancellationToken);
                await ExecuteAsync(connection, EventTrims.OfWeek(week.Name), cancellationToken);
            }

            // The table first, as everybody who writes to it.
            await ExecuteAsync(connection, $"{Patience}; lock table only {table} in access exclusive mode; lock table {week.Name} in access exclusive mode", cancellationToken);
            if (table == Transcript && await IsNeededAsync(connection, week, cancellationToken))
            {
                return PastWeekOutcome.Needed;
            }

            await ExecuteAsync(connection, $"drop table {week.Name}", cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return PastWeekOutcome.Dropped;
        }
        catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return PastWeekOutcome.InUse;
        }
    }

    // Asked under the lock as well: whatever needs a message was written together with it.
    private static async Task<bool> IsNeededAsync(NpgsqlConnection connection, PastWeek week, CancellationToken cancellationToken)
    {
        await using var question = new NpgsqlCommand(Unfinished, connection);
        question.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(week.From) });
        question.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(week.To) });
        return await question.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static string NameOf(string table, DateTimeOffset from) => string.Create(CultureInfo.InvariantCulture, $"{table}_{from:yyyyMMdd}");

    private static async Task<bool> ExistsAsync(NpgsqlDataSource database, string name, CancellationToken cancellationToken)
    {
        await using var exists = database.CreateCommand("select to_regclass($1) is not null");
        exists.Parameters.Add(new NpgsqlParameter { Value = name });
        return await exists.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task<bool> IsLargeAsync(NpgsqlDataSource database, string table, long large, CancellationToken cancellationToken)
    {
        await using var size = database.CreateCommand("select pg_relation_size($1::text::regclass) >= $2");
        size.Parameters.Add(new NpgsqlParameter { Value = $"{table}_default" });
        size.Parameters.Add(new NpgsqlParameter { Value = large });
        return await size.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async Task<bool> HasRowsAsync(NpgsqlDataSource database, string table, DateTimeOffset from, CancellationToken cancellationToken)
    {
        await using var look = database.CreateCommand($"select exists (select from {table}_default where id >= $1 and id < $2)");
        look.CommandTimeout = 0;
        look.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(from) });
        look.Parameters.Add(new NpgsqlParameter { Value = IdSource.Floor(from + _week) });
        return await look.ExecuteScalarAsync(cancellationToken) is true;
    }

    // Making a week reads the default partition from end to end, because it must hold no row of that week, and keeps everybody out meanwhile: 0.8 s for a
    // million rows, and imported history lies there. With a constraint that says so it is not read; checking the constraint keeps nobody out.
    private static async Task<bool> ProveAsync(NpgsqlDataSource database, string table, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var constraint = $"{NameOf(table, from)}_is_elsewhere";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await AloneAsync(
                connection, $"alter table {table}_default add constraint {constraint} check (id < '{IdSource.Floor(from)}' or id >= '{IdSource.Floor(from + _week)}') not valid", cancellationToken);
        }
        catch (PostgresException there) when (there.SqlState == PostgresErrorCodes.DuplicateObject)
        {
            // By another process this moment, or by one that died then.
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }

        try
        {
            await using var check = new NpgsqlCommand($"alter table {table}_default validate constraint {constraint}", connection) { CommandTimeout = 0 };
            await check.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (PostgresException holds) when (holds.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // A row of that week came this moment.
            await AloneAsync(connection, $"alter table {table}_default drop constraint if exists {constraint}", cancellationToken);
            return false;
        }
        catch (PostgresException made) when (made.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            // Another process has made the week meanwhile.
            return false;
        }
    }

    private static async Task MakeAsync(NpgsqlDataSource database, string table, DateTimeOffset from, string options, CancellationToken cancellationToken)
    {
        var name = NameOf(table, from);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            // Names and bounds are ours alone; a table's name cannot be a parameter.
            await AloneAsync(
                connection,
                $"""
                {PatienceWithLook};
                create table if not exists {name} partition of {table} for values from ('{IdSource.Floor(from)}') to ('{IdSource.Floor(from + _week)}') with ({options});
                alter table {table}_default drop constraint if exists {name}_is_elsewhere
                """,
                cancellationToken);
        }
        catch (PostgresException taken) when (taken.SqlState is PostgresErrorCodes.CheckViolation or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.UniqueViolation)
        {
            // The default partition holds rows of that week and goes on taking them; or somebody is using the table; or another process made the week this moment.
        }
        catch (NpgsqlException slow) when (slow is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } or { InnerException: TimeoutException })
        {
            // After a long standstill even this week is missing, and imported history may be many millions of rows.
        }
    }

    private static async Task AloneAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"{Patience}; {sql}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>A week that is past its keep.</summary>
/// <param name="Name">Of its table.</param>
/// <param name="From">Its Monday.</param>
/// <param name="To">The Monday after.</param>
/// <param name="Rows">About how many rows, as of the last analysis.</param>
/// <param name="Bytes">Its size with its indexes.</param>
/// <param name="Outcome">What became of it.</param>
public sealed record PastWeek(string Name, DateTimeOffset From, DateTimeOffset To, long Rows, long Bytes, PastWeekOutcome Outcome);

/// <summary>What became of a week past its keep.</summary>
public enum PastWeekOutcome
{
    /// <summary>Somebody else was using it; another time.</summary>
    InUse,

    /// <summary>Something unfinished needs some of its messages.</summary>
    Needed,

    /// <summary>It is gone.</summary>
    Dropped,
}
