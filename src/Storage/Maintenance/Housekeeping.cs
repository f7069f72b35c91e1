using Channels.Storage.Database;
using Channels.Storage.Media;
using Channels.Storage.Unrouted;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Maintenance;

/// <summary>
/// Keeps partitions ahead of time and trims what is past its keep (<see cref="RetentionOptions"/>); what is not finished is never touched, but for what belongs to
/// no channel: that goes as well, counted.
/// </summary>
/// <remarks>
/// Runs at start and then hourly, under an advisory lock so that one process does it. A failure is logged and tried again in an hour, and keeps no other part from going on: nothing on the message path depends on it.
/// Weeks are dropped every hour, what costs a walk through a table once a day. Nothing goes before the clock has gone on evenly for a day (<see cref="SteadyClock"/>).
/// </remarks>
public sealed partial class Housekeeping(
    ChannelsDatabase database, MediaTrimming media, IOptions<RetentionOptions> options, MaintenanceInstruments instruments, TimeProvider clock, ILogger<Housekeeping> logger) : BackgroundService
{
    internal const long LockKey = 0x4348_4B45_4550_4552; // "CHKEEPER"

    /// <summary>What a send or turn of a channel may still be waiting for when the channel is deleted has come or failed by then.</summary>
    private static readonly TimeSpan _deletedKeep = TimeSpan.FromDays(1);

    /// <summary>A service is told for so long how a turn ended that it answers once more; longer than any turn stays open.</summary>
    private static readonly TimeSpan _lateTurnKeep = TimeSpan.FromDays(7);

    /// <summary>Long enough to see how a month compares with the one before. A gateway that comes and goes all day makes a row for each of its accounts every time.</summary>
    private static readonly TimeSpan _pastKeep = TimeSpan.FromDays(90);

    private static readonly TimeSpan _briefKeep = TimeSpan.FromDays(2);

    /// <summary>Messages live up to a week longer than asked for, and a file is dated before its message.</summary>
    private static readonly TimeSpan _longestWeek = TimeSpan.FromDays(8);

    /// <summary>Counts of what went, by what it named.</summary>
    private const int MostCounts = 10_000;

    private static readonly TimeSpan _countKeep = TimeSpan.FromDays(365);

    private readonly RowTrimming _rows = new(database.Requests);
    private readonly UnroutedTrimming _unrouted = new(database.Requests);
    private DateTimeOffset? _walked;

    /// <summary>One look, by whoever is first: makes partitions, and trims unless the clock has just jumped or another process is at it.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await TimePartitions.EnsureAsync(database.Requests, clock, cancellationToken);
        await using var alone = await database.Requests.OpenConnectionAsync(cancellationToken);
        if (!await LockAsync(alone, "select pg_try_advisory_lock($1)", cancellationToken))
        {
            return;
        }

        try
        {
            var now = clock.GetUtcNow();
            var steady = await SteadyClock.SinceAsync(database.Requests, now, cancellationToken);
            if (now - steady >= SteadyClock.Patience)
            {
                await TrimAsync(now, cancellationToken);
            }
            else
            {
                Log.WaitsForClock(logger, steady + SteadyClock.Patience);
            }
        }
        finally
        {
            await LockAsync(alone, "select pg_advisory_unlock($1)", CancellationToken.None);
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
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Whatever it is: what a service of the host lets out ends the product.
                Log.Failed(logger, "its look", failure.GetType().Name, (failure as PostgresException)?.SqlState);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TrimAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        // A clock that was set back has walked in the future.
        var walks = _walked is null || now - _walked >= TimeSpan.FromDays(1) || _walked > now;
        var keep = options.Value;
        await PartAsync("what is kept briefly", () => BriefAsync(now, cancellationToken));
        await PartAsync("unrouted webhooks", () => UnroutedAsync(now, keep, cancellationToken));
        var walked = await PartAsync("events", () => TableAsync(TimePartitions.Event, now - TimeSpan.FromDays(keep.EventDays), walks, _rows.EventsAsync, cancellationToken));
        if (keep.MessageDays is { } days)
        {
            walked &= await PartAsync("messages", () => MessagesAsync(now - TimeSpan.FromDays(days), walks, cancellationToken));
        }

        if (walks)
        {
            walked &= await PartAsync("keys and history", () => WalkAsync(now, keep, cancellationToken));
            walked &= await PartAsync("files", () => FilesAsync(now, keep, cancellationToken));
            _walked = walked ? now : _walked;
        }
    }

    /// <summary>One that fails, every hour perhaps, keeps none of the others from going on.</summary>
    private async Task<bool> PartAsync(string part, Func<Task> trimAsync)
    {
        try
        {
            await trimAsync();
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.Failed(logger, part, failure.GetType().Name, (failure as PostgresException)?.SqlState);
            return false;
        }
    }

    private async Task MessagesAsync(DateTimeOffset before, bool walks, CancellationToken cancellationToken)
    {
        // First: each would keep its week, and a week that stays is read from end to end every day.
        Trimmed("unknown_reply", before, await _rows.UnknownRepliesAsync(before, cancellationToken));
        await TableAsync(TimePartitions.Transcript, before, walks, _rows.MessagesAsync, cancellationToken);
    }

    private async Task BriefAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        Trimmed("early_receipt", now - _briefKeep, await _rows.EarlyReceiptsAsync(now - _briefKeep, cancellationToken));
        Trimmed("early_change", now - _briefKeep, await _rows.EarlyChangesAsync(now - _briefKeep, cancellationToken));
        Trimmed("idempotency_key", now - _briefKeep, await _rows.IdempotencyKeysAsync(now - _briefKeep, cancellationToken));
        Trimmed("late_turn", now - _lateTurnKeep, await _rows.LateTurnsAsync(now - _lateTurnKeep, cancellationToken));
        var deleted = now - _deletedKeep;
        Trimmed("reply_of_deleted_channel", deleted, await _rows.RepliesOfDeletedChannelsAsync(deleted, now, cancellationToken));
        Trimmed("turn_of_deleted_channel", deleted, await _rows.TurnsOfDeletedChannelsAsync(deleted, cancellationToken));
        Trimmed("held_echo_of_deleted_channel", deleted, await _rows.EchoesOfDeletedChannelsAsync(deleted, cancellationToken));
        Trimmed("media_fetch_of_deleted_channel", deleted, await _rows.FilesOfDeletedChannelsAsync(deleted, cancellationToken));
    }

    private async Task UnroutedAsync(DateTimeOffset now, RetentionOptions keep, CancellationToken cancellationToken)
    {
        var before = now - TimeSpan.FromDays(keep.UnroutedDays);
        var (old, oldBytes) = await _unrouted.TrimAsync(before, now, cancellationToken);
        var (many, manyBytes, until) = await _unrouted.MakeRoomAsync(keep.UnroutedRows, keep.UnroutedMegabytes << 20, now, cancellationToken);
        if (old > 0)
        {
            instruments.Trimmed("unrouted_webhook", old);
            Log.UnroutedGone(logger, old, oldBytes, before);
        }

        if (many > 0)
        {
            instruments.Trimmed("unrouted_webhook", many);
            Log.UnroutedTooMany(logger, many, manyBytes, until!.Value);
        }

        await _unrouted.ForgetAsync(now - _countKeep, MostCounts, cancellationToken);
    }

    private async Task TableAsync(
        string table, DateTimeOffset before, bool walks, Func<string, DateTimeOffset, CancellationToken, Task<long>> deleteAsync, CancellationToken cancellationToken)
    {
        foreach (var week in await TimePartitions.DropAsync(database.Requests, table, before, cancellationToken))
        {
            switch (week.Outcome)
            {
                case PastWeekOutcome.Dropped:
                    instruments.Trimmed(table, week.Rows);
                    Log.Dropped(logger, week.Name, week.Rows, week.Bytes, week.From, week.To);
                    break;
                case PastWeekOutcome.Needed when walks:
                    Trimmed(week.Name, week.To, await deleteAsync(week.Name, week.To, cancellationToken), table);
                    break;
                case PastWeekOutcome.InUse:
                    Log.InUse(logger, week.Name);
                    break;
            }
        }

        if (walks)
        {
            Trimmed($"{table}_default", before, await deleteAsync($"{table}_default", before, cancellationToken), table);
        }
    }

    private async Task WalkAsync(DateTimeOffset now, RetentionOptions keep, CancellationToken cancellationToken)
    {
        var known = now - TimeSpan.FromDays(keep.DuplicateDays);
        Trimmed("message_key", known, await _rows.DuplicateKeysAsync(known, cancellationToken));
        Trimmed("account_status_history", now - _pastKeep, await _rows.StatusHistoryAsync(now - _pastKeep, cancellationToken));
        Trimmed("replay", now - _pastKeep, await _rows.ReplaysAsync(now - _pastKeep, cancellationToken));
        if (keep.MessageDays is { } days)
        {
            var messages = now - TimeSpan.FromDays(days);
            Trimmed("conversation_of_deleted_channel", messages, await _rows.ConversationsOfDeletedChannelsAsync(messages, cancellationToken));
        }
    }

    private async Task FilesAsync(DateTimeOffset now, RetentionOptions keep, CancellationToken cancellationToken)
    {
        if (keep.MessageDays is not { } days)
        {
            return;
        }

        var messages = now - TimeSpan.FromDays(days);
        var (files, bytes) = await media.TrimAsync(messages - _longestWeek, now, cancellationToken);
        if (files > 0)
        {
            instruments.Trimmed("media", files);
            Log.TrimmedFiles(logger, files, bytes, messages - _longestWeek);
        }
    }

    private void Trimmed(string what, DateTimeOffset before, long count, string? counted = null)
    {
        if (count > 0)
        {
            instruments.Trimmed(counted ?? what, count);
            Log.Trimmed(logger, count, what, before);
        }
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = LockKey });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static partial class Log
    {
        [LoggerMessage(2201, LogLevel.Warning, "Housekeeping could not finish {Part} ({Failure} {SqlState}); it tries again in an hour")]
        public static partial void Failed(ILogger logger, string part, string failure, string? sqlState);

        [LoggerMessage(2202, LogLevel.Information, "Trimmed {Count} rows of {What} from before {Before:u}")]
        public static partial void Trimmed(ILogger logger, long count, string what, DateTimeOffset before);

        [LoggerMessage(2203, LogLevel.Information, "Dropped {Partition}: about {Rows} rows, {Bytes} bytes, from {From:u} to {To:u}")]
        public static partial void Dropped(ILogger logger, string partition, long rows, long bytes, DateTimeOffset from, DateTimeOffset to);

        [LoggerMessage(2204, LogLevel.Information, "{Partition} is past its keep but in use; it is tried again in an hour")]
        public static partial void InUse(ILogger logger, string partition);

        [LoggerMessage(2205, LogLevel.Information, "Deleted {Files} files, {Bytes} bytes, last used before {Before:u} and named by no message")]
        public static partial void TrimmedFiles(ILogger logger, long files, long bytes, DateTimeOffset before);

        [LoggerMessage(2206, LogLevel.Information, "Nothing is trimmed before {Until:u}: the clock must have gone on evenly for a day first")]
        public static partial void WaitsForClock(ILogger logger, DateTimeOffset until);

        [LoggerMessage(2207, LogLevel.Warning, "Threw away {Count} parts of webhooks, {Bytes} bytes, that had belonged to no channel since before {Before:u}; GET /api/v1/unrouted-webhooks says what they named")]
        public static partial void UnroutedGone(ILogger logger, long count, long bytes, DateTimeOffset before);

        [LoggerMessage(2208, LogLevel.Error, "Threw away the oldest {Count} parts of webhooks, {Bytes} bytes, that belong to no channel, up to {Until:u}: there is no room for more. GET /api/v1/unrouted-webhooks says what they named; make their channels, or raise Channels__Retention__UnroutedMegabytes or UnroutedRows")]
        public static partial void UnroutedTooMany(ILogger logger, long count, long bytes, DateTimeOffset until);
    }
}
