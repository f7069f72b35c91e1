using Channels.Core.Ids;
using Channels.Storage.Parked;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Parked;

/// <summary>Who takes several parked webhooks away takes the oldest first, whatever they lie behind in the table: two who do it at once wait, and neither is undone.</summary>
public sealed class ParkedLocksTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const int Rows = 600;

    /// <summary>What each takes at once.</summary>
    private const int Taken = 500;

    [PostgresTheory]
    [InlineData("discard")]
    [InlineData("put back")]
    [InlineData("replay")]
    public async Task The_oldest_is_locked_first(string how)
    {
        await using var store = await ParkedStore.OpenAsync(postgres);

        // Left to itself Postgres joins so few rows in order; so it has to find them as they lie in the table.
        await store.RunAsync(
            """
            do $$ declare way text; begin
              foreach way in array array['hashjoin', 'mergejoin', 'material', 'indexscan', 'indexonlyscan', 'bitmapscan'] loop
                execute format('alter database %I set enable_%s = off', current_database(), way);
              end loop;
            end $$
            """);
        var account = await store.ChannelAsync("simulator");
        await ParkNewestFirstAsync(store, account);
        await using var connection = await store.Db.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await LockAsync(transaction, nth: 1);

        var taking = TakeAsync(store, account, how);
        await WaitingAsync(store);

        // Whoever waits for the oldest holds no other: nobody can wait for both in turn.
        await LockAsync(transaction, nth: Taken);
        await transaction.RollbackAsync();
        await taking.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((long)Rows - Taken, await store.ScalarAsync("select count(*) from parked_webhook"));
    }

    private static async Task TakeAsync(ParkedStore store, AccountId account, string how)
    {
        switch (how)
        {
            case "discard":
                await store.Discarded.DiscardAsync(store.Tenant, ParkedFilter.All, default);
                break;
            case "put back":
                await store.Parked.ReplayAllAsync(store.Tenant, account, default);
                break;
            default:
                await store.RunAsync(
                    $"""
                    insert into replay (tenant_id, id, rate, matched, created_at, next_at, after_id, state)
                    values ('{store.Tenant}', gen_random_uuid(), {Taken * 5}, {Rows}, now(), now(), '00000000-0000-0000-0000-000000000000', 'running')
                    """);
                await store.Runner.RunSliceAsync(default);
                break;
        }
    }

    private static Task ParkNewestFirstAsync(ParkedStore store, AccountId account) => store.RunAsync(
        $"""
        insert into parked_webhook (tenant_id, account_id, id, received_at, parked_at, reason, path, body)
        select '{store.Tenant}', '{account}', ('00000000-0000-7000-8000-' || lpad(({Rows} - n)::text, 12, '0'))::uuid, now(), now(), 'unreadable', '', '' from generate_series(1, {Rows}) n;
        analyze parked_webhook
        """);

    // An exception when somebody else has it.
    private static async Task LockAsync(NpgsqlTransaction transaction, int nth)
    {
        await using var command = new NpgsqlCommand($"select id from parked_webhook order by id offset {nth - 1} limit 1 for update nowait", transaction.Connection, transaction);
        Assert.NotNull(await command.ExecuteScalarAsync());
    }

    private static async Task WaitingAsync(ParkedStore store)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await store.ScalarAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") is not 1L)
        {
            await Task.Delay(10, deadline.Token);
        }
    }
}
