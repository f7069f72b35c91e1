using Channels.Core.Ids;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

public sealed class HousekeepingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_week_with_rows_in_the_default_partition_keeps_nobody_from_starting()
    {
        var clock = new ManualClock();
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, clock, NullLogger.Instance, default);
        await TimePartitions.EnsureAsync(db, clock, default);

        // Written while the clock was wrong, ten weeks ahead; now that time has come.
        clock.Advance(TimeSpan.FromDays(70));
        await AddEventAsync(db, new IdSource(clock).Next());
        await TimePartitions.EnsureAsync(db, clock, default);

        await AddEventAsync(db, new IdSource(clock).Next());
        Assert.Equal(2L, await ScalarAsync(db, "select count(*) from event_default"));
        Assert.Equal(1L, await ScalarAsync(db, "select count(*) from pg_class where relname = 'event_20260316'"));
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Weeks_ahead_are_made_beside_a_large_default_partition_unless_it_has_rows_of_theirs(bool hasRows)
    {
        var clock = new ManualClock();
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, clock, NullLogger.Instance, default);
        var future = new IdSource(new ManualClock(clock.GetUtcNow().AddDays(21)));
        await AddEventAsync(db, hasRows ? future.Next() : IdSource.Floor(clock.GetUtcNow().AddDays(-400)));

        // One that died after its promise and before it made the week.
        await RunAsync(db, "alter table event_default add constraint event_20260112_is_elsewhere check (true) not valid");
        await TimePartitions.EnsureAsync(db, clock, large: 0, default);
        await AddEventAsync(db, future.Next());

        Assert.Equal(hasRows ? 4L : 5L, await ScalarAsync(db, "select count(*) from pg_inherits where inhparent = 'event'::regclass and inhrelid <> 'event_default'::regclass"));
        Assert.Equal(hasRows ? 2L : 1L, await ScalarAsync(db, "select count(*) from event_default"));
        Assert.Equal(0L, await ScalarAsync(db, "select count(*) from pg_constraint where conname like '%_is_elsewhere'"));
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task AddEventAsync(NpgsqlDataSource db, Guid id)
    {
        await using var command = db.CreateCommand("insert into event (tenant_id, id, type) values (gen_random_uuid(), $1, 'test')");
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
