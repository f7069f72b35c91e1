using Channels.Core.Ids;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

public sealed class HousekeepingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Weeks = "select count(*) from pg_inherits where inhparent = 'event'::regclass and inhrelid <> 'event_default'::regclass";

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

        Assert.Equal(hasRows ? 4L : 5L, await ScalarAsync(db, Weeks));
        Assert.Equal(hasRows ? 2L : 1L, await ScalarAsync(db, "select count(*) from event_default"));
        Assert.Equal(0L, await ScalarAsync(db, "select count(*) from pg_constraint where conname like '%_is_elsewhere'"));
    }

    /// <summary>As after a standstill of weeks, with much imported history: reading it through takes longer than the server, or the connection, lets a statement take.</summary>
    [PostgresTheory]
    [InlineData("")]
    [InlineData(";Command Timeout=4")]
    public async Task A_default_partition_too_large_to_be_read_through_keeps_nobody_from_starting(string settings)
    {
        var clock = new ManualClock();
        var db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(db, clock, NullLogger.Instance, default);
        await RunAsync(db, """
            create function dawdle() returns event_trigger language plpgsql as $f$
            begin
              if current_query() like '%exists event_20251229 %' then
                perform pg_sleep(20);
              end if;
            end $f$;
            create event trigger dawdle on ddl_command_end when tag in ('CREATE TABLE') execute function dawdle()
            """);

        await using (var impatient = NpgsqlDataSource.Create(db.ConnectionString + settings))
        {
            await TimePartitions.EnsureAsync(impatient, clock, default);
        }

        Assert.Equal(4L, await ScalarAsync(db, Weeks));
        await AddEventAsync(db, IdSource.Floor(clock.GetUtcNow()));
        Assert.Equal(1L, await ScalarAsync(db, "select count(*) from event_default"));
        await RunAsync(db, "drop event trigger dawdle; delete from event");
        await TimePartitions.EnsureAsync(db, clock, default);
        Assert.Equal(5L, await ScalarAsync(db, Weeks));
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
