using Channels.Storage.Migrations;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Migrations;

/// <summary>Who waits for another process's migrations says so: it would look hung.</summary>
public sealed class WaitingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Waiting_for_another_process_is_said_after_some_seconds()
    {
        var db = await postgres.CreateDatabaseAsync();
        var clock = new ManualClock();
        var log = new LogCollector();
        await using var other = await db.OpenConnectionAsync();
        await RunAsync(other, "select pg_advisory_lock($1)");
        var patience = clock.TimerSetAsync();

        var migrating = Migrator.MigrateAsync(db, clock, log.For<WaitingTests>(), default);
        await patience;
        clock.Advance(TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync("a line that says so", () => log.Entries.Any(entry => entry.Event.Id == 2003));
        await RunAsync(other, "select pg_advisory_unlock($1)");
        await migrating;

        Assert.Contains(log.Entries, entry => entry.Event.Id == 2001);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new() { Value = Migrator.LockKey });
        await command.ExecuteNonQueryAsync();
    }
}
