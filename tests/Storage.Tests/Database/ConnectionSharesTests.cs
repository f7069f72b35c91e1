using Channels.Core.Fairness;
using Channels.Core.Ids;
using Channels.Storage.Database;
using Channels.Storage.Migrations;
using Channels.Storage.Tenancy;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Database;

public sealed class ConnectionSharesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly TenantId A = new(new Guid("019a0000-0000-7000-8000-00000000000a"));
    private static readonly TenantId B = new(new Guid("019a0000-0000-7000-8000-00000000000b"));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(20, 15)]
    [InlineData(ChannelsDatabase.MostRequests, 38)]
    public void A_part_of_the_pool_is_nobodys_share(int pool, int places) => Assert.Equal(places, ConnectionShares.PlacesIn(pool));

    [Fact]
    public async Task A_tenant_alone_has_half_of_the_places_and_the_next_finds_some_at_once()
    {
        var shares = new ConnectionShares(38, new ManualClock());

        for (var held = 0; held < 19; held++)
        {
            await shares.EnterAsync(A, default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        }

        using var gone = new CancellationTokenSource();
        var one = shares.EnterAsync(A, gone.Token).AsTask();
        Assert.False(one.IsCompleted);
        await shares.EnterAsync(B, default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        // Who gave up is told so, and not that there was no room.
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
    }

    [Fact]
    public async Task Who_waits_is_let_in_when_a_place_is_given_back_and_told_after_a_while_that_there_was_none()
    {
        var clock = new ManualClock();
        var shares = new ConnectionShares(1, clock);
        var held = await shares.EnterAsync(A, default);
        var next = shares.EnterAsync(A, default).AsTask();
        clock.Advance(ConnectionShares.Patience / 2);
        var last = shares.EnterAsync(A, default).AsTask();

        held.Dispose();
        await next;
        clock.Advance(ConnectionShares.Patience);

        var told = await Assert.ThrowsAsync<ShareTakenException>(() => last);
        Assert.Contains("this tenant", told.Message, StringComparison.Ordinal);
        Assert.True(StoreFaults.IsUnavailable(told));
    }

    [Fact]
    public async Task A_request_that_is_done_in_part_is_not_refused_for_what_its_tenant_asks_for_besides()
    {
        var clock = new ManualClock();
        var shares = new ConnectionShares(1, clock);
        shares.Begin();
        (await shares.EnterAsync(A, default)).Dispose();
        var held = await AnotherAsync();

        var second = shares.EnterAsync(A, default).AsTask();
        var waits = clock.TimerSetAsync();
        var others = AnotherAsync();
        await waits.WaitAsync(TimeSpan.FromSeconds(10));
        clock.Advance(ConnectionShares.Patience);
        await Assert.ThrowsAsync<ShareTakenException>(() => others.WaitAsync(TimeSpan.FromSeconds(10)));
        held.Dispose();

        await second.WaitAsync(TimeSpan.FromSeconds(10));

        // A request of its own.
        Task<FairGate.Place> AnotherAsync()
        {
            using (ExecutionContext.SuppressFlow())
            {
                return Task.Run(async () =>
                {
                    shares.Begin();
                    return await shares.EnterAsync(A, default);
                });
            }
        }
    }

    [PostgresFact]
    public async Task However_a_reading_ends_its_place_is_given_back()
    {
        await using var db = await OpenAsync();
        var scope = new TenantScope(db, new ConnectionShares(1, TimeProvider.System));

        await (await QueryAsync("select 1")).DisposeAsync();
        await Assert.ThrowsAsync<PostgresException>(() => QueryAsync("select 1 / 0"));
        await Assert.ThrowsAsync<PostgresException>(() => scope.ExecuteAsync(A, Sql.Statement("select 1 / 0"), default));

        // Broken while what was not read is read away.
        var broken = await QueryAsync("select pg_backend_pid(), repeat('x', 100000) from generate_series(1, 10000)");
        await broken.Rows.ReadAsync();
        await RunAsync(db, $"select pg_terminate_backend({broken.Rows.GetInt32(0)})");
        await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await broken.DisposeAsync());
        await broken.DisposeAsync();

        using var hungUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scope.QueryAsync(A, [Sql.Statement("select pg_sleep(60)")], hungUp.Token));
        await (await QueryAsync("select 1")).DisposeAsync();

        Task<TenantRows> QueryAsync(string sql) => scope.QueryAsync(A, [Sql.Statement(sql)], default);
    }

    [PostgresFact]
    public async Task However_a_transaction_ends_its_place_is_given_back()
    {
        await using var db = await OpenAsync();
        var scope = new TenantScope(db, new ConnectionShares(1, TimeProvider.System));

        await using (var work = await scope.BeginAsync(A, default))
        {
            await work.CommitAsync(default);

            // Once, however often it is let go of.
            await work.DisposeAsync();
        }

        await using (var work = await scope.SnapshotAsync(A, default))
        {
            await Assert.ThrowsAsync<PostgresException>(() => work.ExecuteAsync("select 1 / 0", default));
        }

        await using (var held = await scope.BeginAsync(A, default))
        {
            await Assert.ThrowsAsync<ShareTakenException>(() => scope.BeginAsync(A, default));
        }

        await db.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => scope.BeginAsync(A, default));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => scope.BeginAsync(A, default));
    }

    private async Task<NpgsqlDataSource> OpenAsync()
    {
        var made = await postgres.CreateDatabaseAsync();
        await Migrator.MigrateAsync(made, TimeProvider.System, NullLogger.Instance, default);
        return NpgsqlDataSource.Create(made.ConnectionString);
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
