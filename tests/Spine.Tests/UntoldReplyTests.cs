using Channels.FakeProviders.Evolution;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>A reply that was committed, and whose process died before it told delivery, which lives on in another.</summary>
public sealed class UntoldReplyTests(PostgresFixture databases) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task It_leaves_before_the_next_of_its_conversation()
    {
        await using var database = await databases.CreateDatabaseAsync();
        await using var gateway = await FakeEvolution.StartAsync();
        await using var product = await Product.StartAsync(database.ConnectionString);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var shop = await EvolutionChannel.CreateAsync(tenant, gateway, "shop", "5491150000001", agent: null, policy: null, sendTimeout: 20);
        await shop.SaysAsync("5491160000001", "one");
        await Until.SeenAsync("a reply waiting", shop.Channel.MetricsAsync, now => now.RepliesWaiting == 1);
        await product.StopAsync(TimeSpan.FromSeconds(20));

        // Delivery has read all there is when the row comes, and the conversation was last in another process.
        await RunAsync("update outbox set account_id = gen_random_uuid()");
        await product.StartAgainAsync();
        await shop.Channel.ActivateAsync();
        await shop.SaysAsync("5491160000002", "somebody else");
        await shop.SentAsync(1, "5491160000002");
        await RunAsync($"update outbox set account_id = '{shop.Channel.Id}'");
        await shop.SaysAsync("5491160000001", "two");

        Assert.Equal(["one", "two"], (await shop.SentAsync(2, "5491160000001")).Select(send => send.Text));

        async Task RunAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
