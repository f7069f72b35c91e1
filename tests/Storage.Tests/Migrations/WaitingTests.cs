using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
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

    [PostgresFact]
    public async Task A_lock_that_a_migration_waits_for_keeps_nobody_else_from_the_table_for_long_and_is_said()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var log = new LogCollector();
        await using var holder = await db.OpenConnectionAsync();
        await using var other = await db.OpenConnectionAsync();
        await RunPlainAsync(other, "alter table idempotency_key drop column location; delete from schema_migration where number = 44");
        await RunPlainAsync(holder, "begin; lock table idempotency_key in access share mode");

        var migrating = Migrator.MigrateAsync(db, TimeProvider.System, log.For<WaitingTests>(), default);
        await Eventually.TrueAsync("a line that says what is waited for", () => log.Entries.Any(entry => entry.Event.Id == 2004));
        await RunPlainAsync(other, "set statement_timeout = '10s'; select count(*) from idempotency_key");
        var waitsStill = !migrating.IsCompleted;
        await RunPlainAsync(holder, "commit");
        await migrating;

        Assert.True(waitsStill);
        await RunPlainAsync(other, "select location from idempotency_key");
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new() { Value = Migrator.LockKey });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task RunPlainAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
