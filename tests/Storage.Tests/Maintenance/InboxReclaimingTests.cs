using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Maintenance;
using Channels.Storage.Migrations;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Maintenance;

public sealed class InboxReclaimingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    // An empty half has the one page of its bodies' index.
    private const int AnySize = 12 << 10;

    /// <summary>Between two looks.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private const string Tenant = "00000000-0000-7000-8000-000000000001";
    private NpgsqlDataSource _db = null!;

    public async Task InitializeAsync()
    {
        _db = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(_db, TimeProvider.System, NullLogger.Instance, default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [PostgresFact]
    public async Task A_drained_half_is_cut_and_the_other_keeps_its_rows()
    {
        await AddAsync("inbox_0", 100);
        await AddAsync("inbox_1", 3);
        await ExecuteAsync("delete from inbox where slot = 0");

        Assert.Equal(1, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default));

        Assert.Equal((0, 3), (await SizeAsync("inbox_0"), await CountAsync()));
        Assert.Equal(0, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default));
    }

    [PostgresFact]
    public async Task One_waiting_row_keeps_its_half()
    {
        await AddAsync("inbox_1", 50);
        await ExecuteAsync("delete from inbox where path <> '49'");

        Assert.Equal(0, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default));

        Assert.Equal(1, await CountAsync());
    }

    [PostgresFact]
    public async Task A_small_half_is_left_alone()
    {
        await AddAsync("inbox_0", 10);
        await ExecuteAsync("delete from inbox");

        Assert.Equal(0, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, 1 << 20, default));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(2.9, null)]
    [InlineData(3, "inbox_1")]
    [InlineData(16.9, "inbox_1")]
    [InlineData(17, null)]
    [InlineData(20, null)]
    [InlineData(23, "inbox_0")]
    public void A_half_is_left_with_a_margin_for_clocks_that_differ(double second, string? left) =>
        Assert.Equal(left is null ? [] : [left], InboxSlots.LeftAt(DateTimeOffset.UnixEpoch.AddSeconds(4000 + second)));

    [PostgresFact]
    public async Task The_half_in_use_is_left_alone_until_it_is_left()
    {
        var clock = new ManualClock(DateTimeOffset.UnixEpoch.AddSeconds(4000));
        var (inUse, left) = (InboxSlots.Tables[InboxSlots.At(clock.GetUtcNow())], InboxSlots.Tables[InboxSlots.At(clock.GetUtcNow().AddSeconds(20))]);
        foreach (var table in InboxSlots.Tables)
        {
            await ExecuteAsync($"alter table {table} set (autovacuum_enabled = off)");
            await AddAsync(table, 20_000, bytes: 1000);
        }

        await ExecuteAsync("delete from inbox");
        await using var database = new ChannelsDatabase(_db.ConnectionString);
        using var reclaiming = new InboxReclaiming(database, clock, NullLogger<InboxReclaiming>.Instance);
        var ticks = clock.TimerSetAsync();
        await reclaiming.StartAsync(default);
        await ticks;

        clock.Advance(Period);
        await CutAsync(left, clock);
        Assert.NotEqual(0, await SizeAsync(inUse));

        clock.Advance(TimeSpan.FromSeconds(20));
        await CutAsync(inUse, clock);
        await reclaiming.StopAsync(default);
    }

    [PostgresFact]
    public async Task A_row_that_is_not_committed_yet_keeps_its_half()
    {
        await AddAsync("inbox_0", 10);
        await ExecuteAsync("delete from inbox");
        await using var connection = await _db.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var late = new NpgsqlCommand(Insert("inbox_0", 1), connection, transaction))
        {
            await late.ExecuteNonQueryAsync();
        }

        var cut = await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default);
        await transaction.CommitAsync();

        Assert.Equal(0, cut);
        Assert.Equal(0, await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default));
        Assert.Equal(1, await CountAsync());
    }

    [PostgresFact]
    public async Task Cutting_while_rows_come_and_go_loses_none()
    {
        using var ending = new CancellationTokenSource();
        var cuts = 0;
        var cutting = CutUntilAsync(() => Interlocked.Increment(ref cuts), ending.Token);
        var added = 0;
        var finished = 0;
        var started = TimeProvider.System.GetTimestamp();

        // Rounds enough for rows to meet cuts, and as many more as it takes to have one.
        for (var round = 0; !cutting.IsCompleted && (round < 300 || Volatile.Read(ref cuts) == 0); round++)
        {
            Assert.True(Volatile.Read(ref cuts) > 0 || TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "Nothing was ever cut: this shows nothing.");
            await AddAsync(added % 2 == 0 ? "inbox_0" : "inbox_1", 5);
            added += 5;
            finished += await ExecuteAsync("delete from inbox");
        }

        await ending.CancelAsync();
        await cutting;
        Assert.Equal(added, finished);
    }

    private async Task CutUntilAsync(Action cut, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            if (await InboxReclaiming.ReclaimAsync(_db, InboxSlots.Tables, AnySize, default) > 0)
            {
                cut();
            }
        }
    }

    // A cut that did not get its lock in time comes with the next tick: at the same time of day, for the halves would not be the same at another.
    private async Task CutAsync(string table, ManualClock clock)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        for (var look = 1; await SizeAsync(table) != 0; look++)
        {
            if (look % 100 == 0)
            {
                clock.Jump(-Period);
                clock.Advance(Period);
            }

            await Task.Delay(10, deadline.Token);
        }
    }

    private Task<int> AddAsync(string table, int rows, int bytes = 1) => ExecuteAsync(Insert(table, rows, bytes));

    private static string Insert(string table, int rows, int bytes = 1) =>
        $"insert into {table} (tenant_id, account_id, id, received_at, path, body) select '{Tenant}', gen_random_uuid(), gen_random_uuid(), now(), n::text, repeat('x', {bytes})::bytea from generate_series(0, {rows - 1}) n";

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync() => await ScalarAsync("select count(*) from inbox");

    private async Task<long> SizeAsync(string table) => await ScalarAsync($"select pg_relation_size('{table}')");

    private async Task<long> ScalarAsync(string sql)
    {
        await using var command = _db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
