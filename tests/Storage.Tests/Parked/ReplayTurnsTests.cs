using Channels.Core.Ids;
using Channels.Storage.Parked;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Parked;

/// <summary>Whose replay moves next, when more are due than there is time for.</summary>
public sealed class ReplayTurnsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task A_tenant_with_many_replays_leaves_every_other_turn_to_others()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        for (var n = 0; n < 4; n++)
        {
            await BeginAsync(store, n);
        }

        await store.EnterAsync();
        var other = store.Tenant;
        await BeginAsync(store, 4);

        var ended = new List<long>();
        for (var turn = 0; turn < 5; turn++)
        {
            await store.Runner.RunSliceAsync(default);
            ended.Add((long)(await store.ScalarAsync($"select sum(replayed)::bigint from replay where tenant_id = '{other}'"))!);
        }

        Assert.Equal([0, 1, 1, 1, 1], ended);
        Assert.Equal(5L, await store.ScalarAsync("select sum(replayed)::bigint from replay"));
    }

    // A runner that let go of its transaction twice rolled back that of whoever had got its connection meanwhile.
    [PostgresFact]
    public async Task A_look_that_finds_nothing_due_leaves_the_transactions_of_the_next_on_its_connection_alone()
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        await using var one = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(store.Db.ConnectionString) { MaxPoolSize = 1 });
        using var signal = new ReplaySignal();
        using var runner = new ReplayRunner(one, signal, store, new IdSource(TimeProvider.System), TimeProvider.System, NullLogger<ReplayRunner>.Instance);
        await store.RunAsync("create table kept (n int)");
        var looks = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var look = 0; look < 500; look++)
            {
                await runner.RunSliceAsync(default);
            }
        }));
        var work = Task.WhenAll(Enumerable.Range(0, 4).Select(async worker =>
        {
            for (var n = 0; n < 500; n++)
            {
                await using var connection = await one.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                await using var insert = new NpgsqlCommand("insert into kept values (1)", connection, transaction);
                await insert.ExecuteNonQueryAsync();
                await transaction.CommitAsync();
            }
        }));

        await Task.WhenAll(looks, work).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(2000L, await store.ScalarAsync("select count(*) from kept"));
    }

    // Of one webhook each: a turn ends it.
    private static async Task BeginAsync(ParkedStore store, int seconds)
    {
        var (channel, id) = (await store.ChannelAsync("simulator"), new IdSource(TimeProvider.System).Next());
        await store.ParkAsync(channel, ["not JSON"]);
        await store.Replays.BeginAsync(store.Tenant, id, ParkedFilter.All with { Account = channel }, 1, default);
        await store.RunAsync("update replay set next_at = now() - interval '1 hour' + $1 * interval '1 second' where id = $2", seconds, id);
    }
}
