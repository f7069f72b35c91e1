using System.Net.Sockets;
using System.Text;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>The product ends when it is asked to, whatever its clients do.</summary>
public sealed class StopTests(PostgresFixture databases) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task Clients_that_go_on_and_on_do_not_keep_it_from_stopping()
    {
        var database = await databases.CreateDatabaseAsync();
        await using var product = await Product.StartAsync(database.ConnectionString);
        using var client = await ChannelsClient.NewTenantAsync(product);
        var channel = await client.CreateChannelAsync(new { name = "quiet", channel_type = "simulator", agent = new { kind = "none" } });
        await client.PostAsync($"/api/v1/channels/{channel.Id}/activate");
        using var caller = new TcpClient();
        var upload = await BeginUploadAsync(caller, product.Address, client.Key);
        var dripping = DripAsync(upload);
        var waiting = client.PostAsync($"/api/v1/channels/{channel.Id}/simulate?wait=60", new { from = "5491122223333", text = "hola" });
        await channel.IdleAsync(webhooksFinished: 1);

        var (code, after) = await product.StopAsync(within: TimeSpan.FromSeconds(50));

        Assert.Equal(0, code);
        Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.Empty((await waiting).GetProperty("replies").EnumerateArray());
        await Assert.ThrowsAsync<IOException>(() => dripping);
        Assert.DoesNotContain(product.Log.Lines, line => line.Contains(" fail: ", StringComparison.Ordinal));
    }

    /// <summary>Of a file of a megabyte the first bytes.</summary>
    private static async Task<NetworkStream> BeginUploadAsync(TcpClient caller, Uri address, string key)
    {
        await caller.ConnectAsync(address.Host, address.Port);
        var stream = caller.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /api/v1/media HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Length: 1048576\r\n\r\n"));
        return stream;
    }

    /// <summary>As many a second as the server's own rule about slow clients lets pass.</summary>
    private static async Task DripAsync(NetworkStream upload)
    {
        while (true)
        {
            await upload.WriteAsync(new byte[512]);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }
}
