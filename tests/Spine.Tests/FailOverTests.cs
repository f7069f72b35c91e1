using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>A store that was put back under the living product (a fail-over to a replica that lacked the last moments) is not written into from memory.</summary>
public sealed class FailOverTests(PostgresFixture databases) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Who_writes_on_in_a_conversation_that_the_store_lost_is_answered_and_listed()
    {
        var database = await databases.CreateDatabaseAsync();
        await using var product = await Product.StartAsync(database.ConnectionString);
        using var tenant = await ChannelsClient.NewTenantAsync(product);
        var channel = await tenant.CreateChannelAsync(new { name = "Simulator", channel_type = "simulator", identity = "sim", agent = new { kind = "echo" } });
        await channel.ActivateAsync();
        await channel.SimulateAsync("549110", "hola", "m-1");
        await channel.SimulateAsync("549111", "buenas", "m-2");
        await Until.SeenAsync("both echoes", channel.MetricsAsync, now => now.MessagesSent == 2);
        await channel.IdleAsync(webhooksFinished: 2);
        var lost = await channel.ConversationAsync("549110");
        await using (var putBack = database.CreateCommand(
            $"""
            delete from conversation where id = '{lost.Id}';
            delete from conversation_alias where conversation_id = '{lost.Id}';
            delete from transcript where conversation_id = '{lost.Id}';
            delete from message_key where conversation_id = '{lost.Id}'
            """))
        {
            await putBack.ExecuteNonQueryAsync();
        }

        await channel.SimulateAsync("549110", "still there?", "m-3");
        await channel.SimulateAsync("549111", "and I?", "m-4");

        var messages = await Until.SeenAsync(
            "the echo, sent", () => channel.MessagesWithAsync("549110"), found => found.Any(message => message is { IsOut: true, Status: "sent" }), Channel.Shown);
        Assert.Equal(["still there?", "still there?"], messages.Select(message => message.Text));
        await Until.SeenAsync("the other's echo", () => channel.MessagesWithAsync("549111"), found => found.Count == 4, Channel.Shown);
        Assert.Equal(2, (await channel.ConversationsAsync()).Count);
        Assert.Equal(0, (await channel.IdleAsync(webhooksFinished: 4)).WebhooksParked);
    }
}
