using Channels.Core.Ids;
using Channels.Storage.Parked;
using Channels.Testing;

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

    // Of one webhook each: a turn ends it.
    private static async Task BeginAsync(ParkedStore store, int seconds)
    {
        var (channel, id) = (await store.ChannelAsync("simulator"), new IdSource(TimeProvider.System).Next());
        await store.ParkAsync(channel, ["not JSON"]);
        await store.Replays.BeginAsync(store.Tenant, id, ParkedFilter.All with { Account = channel }, 1, default);
        await store.RunAsync("update replay set next_at = now() - interval '1 hour' + $1 * interval '1 second' where id = $2", seconds, id);
    }
}
