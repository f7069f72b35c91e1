using Channels.Storage.Migrations;
using Channels.Storage.Unrouted;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Unrouted;

/// <summary>What belongs to no channel goes by age, and the oldest where there is too much; all of it is counted by what it named.</summary>
public sealed class UnroutedTrimmingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private NpgsqlDataSource _db = null!;

    private UnroutedTrimming Trimming => new(_db);

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresFact]
    public async Task What_is_past_its_keep_goes_and_is_counted_by_what_it_named()
    {
        await AddAsync("111", days: 100, bytes: 10);
        await AddAsync("111", days: 95, bytes: 20);
        await AddAsync("222", days: 91, bytes: 30);
        await AddAsync("111", days: 89, bytes: 40);

        var first = await Trimming.TrimAsync(Now.AddDays(-90), Now, default);
        var again = await Trimming.TrimAsync(Now.AddDays(-90), Now, default);
        await Trimming.TrimAsync(Now.AddDays(-88), Now.AddDays(2), default);

        Assert.Equal(((3L, 60L), (0L, 0L)), (first, again));
        Assert.Equal("111 age 3 70 100 89 -2,222 age 1 30 91 91 0", await CountsAsync());
        Assert.Equal(0L, await ScalarAsync("select count(*) from unrouted_webhook"));
    }

    [PostgresFact]
    public async Task Too_many_or_too_large_takes_the_oldest_and_leaves_the_newest()
    {
        for (var age = 1; age <= 6; age++)
        {
            await AddAsync("111", age, bytes: 100);
        }

        var byRows = await Trimming.MakeRoomAsync(rows: 5, bytes: 1_000_000, Now, default);
        var byBytes = await Trimming.MakeRoomAsync(rows: 100, bytes: 350, Now, default);
        var fits = await Trimming.MakeRoomAsync(rows: 3, bytes: 300, Now, default);

        Assert.Equal((1L, 100L, Now.AddDays(-6)), byRows);
        Assert.Equal((2L, 200L, Now.AddDays(-4)), byBytes);
        Assert.Equal((0L, 0L, null), fits);
        Assert.Equal("111 room 3 300 6 4 0", await CountsAsync());
        Assert.Equal(3L, await ScalarAsync("select count(*) from unrouted_webhook where received_at >= $1", Now.AddDays(-3)));
    }

    [PostgresFact]
    public async Task What_a_replay_is_just_handing_over_is_left_to_it()
    {
        await AddAsync("111", days: 100, bytes: 10);
        await using var connection = await _db.OpenConnectionAsync();
        await using var replay = await connection.BeginTransactionAsync();
        await using (var held = new NpgsqlCommand("delete from unrouted_webhook", connection, replay))
        {
            await held.ExecuteNonQueryAsync();
        }

        Assert.Equal((0L, 0L), await Trimming.TrimAsync(Now, Now, default));
        await replay.RollbackAsync();

        Assert.Equal((1L, 10L), await Trimming.TrimAsync(Now, Now, default));
    }

    [PostgresFact]
    public async Task Counts_themselves_are_kept_for_a_time_and_in_a_bounded_number()
    {
        for (var age = 91; age < 95; age++)
        {
            await AddAsync($"{age}", age, bytes: 1);
            await Trimming.TrimAsync(Now, Now.AddDays(-age), default);
        }

        await Trimming.ForgetAsync(Now.AddDays(-93), 2, default);

        Assert.Equal("91,92", await ScalarAsync("select string_agg(name, ',' order by name) from unrouted_dropped"));
    }

    [PostgresFact]
    public async Task However_long_a_look_takes_it_is_not_given_up()
    {
        await AddAsync("111", days: 100, bytes: 10);
        await AddAsync("222", days: 1, bytes: 10);
        await using var impatient = NpgsqlDataSource.Create(_db.ConnectionString + ";Command Timeout=1");
        await using var connection = await _db.OpenConnectionAsync();
        await using var slow = await connection.BeginTransactionAsync();
        await using (var held = new NpgsqlCommand("lock table unrouted_webhook, unrouted_dropped", connection, slow))
        {
            await held.ExecuteNonQueryAsync();
        }

        var trimming = new UnroutedTrimming(impatient);
        var looks = Task.WhenAll(trimming.TrimAsync(Now.AddDays(-90), Now, default), trimming.MakeRoomAsync(1, 5, Now, default), trimming.ForgetAsync(Now.AddDays(-93), 2, default));
        await using (var dawdle = new NpgsqlCommand("select pg_sleep(3)", connection, slow))
        {
            await dawdle.ExecuteNonQueryAsync();
        }

        await slow.CommitAsync();
        await looks;

        Assert.Equal(0L, await ScalarAsync("select count(*) from unrouted_webhook"));
    }

    private async Task<object?> CountsAsync() => await ScalarAsync(
        """
        select string_agg(format('%s %s %s %s %s %s %s', name, why, dropped, bytes, extract(day from $1 - first_received_at), extract(day from $1 - last_received_at),
                                 extract(day from $1 - last_at)), ',' order by name) from unrouted_dropped
        """,
        Now);

    private Task<object?> AddAsync(string name, int days, int bytes) => ScalarAsync(
        """
        insert into unrouted_webhook (kind, id, setting, name, reason, received_at, proof, body)
        values ('whatsapp_cloud', gen_random_uuid(), 'phone_number_id', $1, 'no channel has it', $2, '', $3)
        """,
        name, Now.AddDays(-days), new byte[bytes]);

    private async Task<object?> ScalarAsync(string sql, params object[] values)
    {
        await using var command = _db.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return await command.ExecuteScalarAsync();
    }
}
