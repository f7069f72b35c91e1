using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Migrations;

public sealed class LostConnectionTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_connection_lost_among_the_migrations_is_told_by_what_it_was_lost_by()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        await using var somebody = await db.OpenConnectionAsync();
        await using var transaction = await somebody.BeginTransactionAsync();
        await RunAsync(somebody, "lock table schema_migration");

        var migrating = Migrator.MigrateAsync(db, TimeProvider.System, NullLogger.Instance, default);
        var ended = false;
        while (!ended && !migrating.IsCompleted)
        {
            await using var end = new NpgsqlCommand(
                "select coalesce(bool_or(pg_terminate_backend(pid)), false) from pg_locks where relation = 'schema_migration'::regclass and not granted", somebody, transaction);
            ended = await end.ExecuteScalarAsync() is true;
        }

        var lost = await Assert.ThrowsAsync<PostgresException>(() => migrating);
        Assert.Equal(PostgresErrorCodes.AdminShutdown, lost.SqlState);
    }

    [PostgresFact]
    public async Task A_migration_is_named_before_it_begins()
    {
        await using var db = await postgres.CreateDatabaseAsync();
        await using var somebody = await db.OpenConnectionAsync();
        await RunAsync(somebody, "create table data_key (nothing int)");
        using var log = new LogCollector();

        await Assert.ThrowsAsync<MigrationException>(() => Migrator.MigrateAsync(db, TimeProvider.System, log.CreateLogger("migrations"), default));

        Assert.Contains("Applying migration 0002_tenants_and_channels.sql", log.Entries[^1].Message, StringComparison.Ordinal);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
