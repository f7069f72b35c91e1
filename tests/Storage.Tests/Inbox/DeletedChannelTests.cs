using Channels.Storage.Tests.Parked;
using Channels.Testing;

namespace Channels.Storage.Tests.Inbox;

/// <summary>What a deleted channel leaves in the inbox is put aside piece by piece: however much it is, no piece takes so long that it is undone.</summary>
public sealed class DeletedChannelTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Fill = """
        insert into inbox (tenant_id, account_id, id, received_at, path, body)
        select $1, $2, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, now(), '', convert_to(repeat('x', $4), 'utf8') from generate_series(1, $3) as n
        """;

    [PostgresTheory]
    [InlineData(1_200, 1, 500)]
    [InlineData(5, 3 << 20, 3)]
    public async Task Its_backlog_is_parked_whole_in_transactions_of_few_rows_and_few_bytes(int webhooks, int bytes, long mostAtOnce)
    {
        await using var store = await ParkedStore.OpenAsync(postgres);
        var (deleted, other) = (await store.ChannelAsync("simulator", deleted: true), await store.ChannelAsync("simulator"));
        await store.RunAsync(Fill, store.Tenant.Value, deleted.Value, webhooks, bytes);
        await store.RunAsync(Fill, store.Tenant.Value, other.Value, 1, 1);

        await store.ParkRestAsync(deleted);

        Assert.Equal(webhooks + 1L, await store.ScalarAsync($"select count(*) from parked_webhook where account_id = '{deleted}' and reason = 'the channel was deleted'"));
        Assert.Equal(other.Value, await store.ScalarAsync("select string_agg(account_id::text, ',')::uuid from inbox"));
        Assert.Equal(mostAtOnce, await store.ScalarAsync($"select max(webhooks) from parked_count where account_id = '{deleted}'"));
    }
}
