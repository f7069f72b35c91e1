using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Maintenance;

/// <summary>Cuts a drained half of the inbox to nothing, once the acceptances in it are added up. Cheaper than vacuuming it, row by dead row.</summary>
/// <remarks>
/// Nothing is lost by it: whether the half is empty is asked again under a lock that lets no writer in, and who finds the lock taken for a moment waits.
/// The half in use is left alone: webhooks would wait for the lock, and for the look under it, past all dead entries of the index. Any process may do it at any time. A failure is logged and tried again; until then the table is larger than it need be.
/// </remarks>
public sealed partial class InboxReclaiming(ChannelsDatabase database, TimeProvider clock, ILogger<InboxReclaiming> logger) : BackgroundService
{
    /// <summary>Bytes, large bodies' side table included. A smaller table is not worth it: every cut makes all connections plan their statements anew.</summary>
    private const int WorthIt = 16 << 20;

    /// <summary>Between two additions. In a flood of many accounts each second's counts take 10 to 20 ms of a processor; more of them at once, and webhooks feel it.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>So much longer it rests than an addition took: while something keeps dead rows (a dump, a forgotten transaction), each has more of them to pass.</summary>
    private const int Rest = 20;

    /// <summary>Between two looks for what can be cut, and after a failure.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    /// <summary>Cuts what is empty and large; answers how many halves that were.</summary>
    /// <param name="database">As the tables' owner.</param>
    /// <param name="halves">Of <see cref="InboxSlots.Tables"/>.</param>
    /// <param name="worthIt">Bytes from which on a table is large.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<int> ReclaimAsync(NpgsqlDataSource database, IEnumerable<string> halves, long worthIt, CancellationToken cancellationToken)
    {
        var cut = 0;
        foreach (var table in halves)
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            if (await AskAsync($"select pg_table_size('{table}') >= {worthIt}", connection, cancellationToken)
                && await IsEmptyAsync(table, connection, cancellationToken) && await CutAsync(table, connection, cancellationToken))
            {
                cut++;
            }
        }

        return cut;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        var looked = clock.GetTimestamp();
        var (added, rest) = (looked, TimeSpan.Zero);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (clock.GetElapsedTime(added) < rest)
            {
                continue;
            }

            try
            {
                // First: an acceptance that is not added up keeps its half.
                var began = clock.GetTimestamp();
                await Acceptances.AddUpAsync(database.Pipeline, stoppingToken);
                (added, rest) = (clock.GetTimestamp(), Rest * clock.GetElapsedTime(began));
                if (clock.GetElapsedTime(looked) >= BetweenLooks)
                {
                    looked = clock.GetTimestamp();
                    await ReclaimAsync(database.Pipeline, InboxSlots.LeftAt(clock.GetUtcNow()), WorthIt, stoppingToken);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                (added, rest) = (clock.GetTimestamp(), BetweenLooks);
                Log.Failed(logger, failure.GetType().Name, (failure as PostgresException)?.SqlState);
            }
        }
    }

    // In the index's order: the table is full of dead rows, and the index forgets those that were looked at.
    private static Task<bool> IsEmptyAsync(string table, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        AskAsync($"select not exists (select from {table} order by tenant_id, account_id, id, slot limit 1)", connection, cancellationToken);

    private static async Task<bool> CutAsync(string table, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await using var alone = new NpgsqlCommand($"set local lock_timeout = '100ms'; lock table {table} in access exclusive mode", connection, transaction);
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException busy) when (busy.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // In use; another time.
            return false;
        }

        // A new statement sees what was committed while we waited.
        if (!await IsEmptyAsync(table, connection, cancellationToken))
        {
            return false;
        }

        await using (var cut = new NpgsqlCommand($"truncate {table}", connection, transaction))
        {
            await cut.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task<bool> AskAsync(string sql, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var question = new NpgsqlCommand(sql, connection);
        return await question.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static partial class Log
    {
        [LoggerMessage(2211, LogLevel.Warning, "A drained half of the inbox could not be added up or cut ({Failure} {SqlState}); it is tried again")]
        public static partial void Failed(ILogger logger, string failure, string? sqlState);
    }
}
