using System.Net;
using System.Net.Sockets;
using Channels.Testing;

namespace Channels.Spine.Tests;

/// <summary>What keeps the product from starting is told to whoever started it: in one sentence, with what to do.</summary>
public sealed class StartTests(PostgresFixture databases) : IClassFixture<PostgresFixture>
{
    [PostgresFact]
    public async Task An_address_in_use_is_told_with_its_remedy_and_the_database_is_stopped()
    {
        await using var product = await Product.StartAsync();
        await product.StopAsync(within: TimeSpan.FromSeconds(50));
        using var somebody = new TcpListener(IPAddress.Loopback, product.Address.Port);
        somebody.Start();
        var hangingUp = HangUpAsync(somebody);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(product.StartAgainAsync);

        AssertTold(refused, product.Address.ToString().TrimEnd('/'), "ASPNETCORE_URLS");
        Assert.False(File.Exists(Path.Combine(product.DataDirectory, "pg", "postmaster.pid")));
        somebody.Stop();
        await hangingUp;
        await product.StartAgainAsync();
    }

    [PostgresFact]
    public async Task A_data_directory_that_lets_no_key_be_made_is_told_with_its_remedy()
    {
        var database = await databases.CreateDatabaseAsync();
        using var data = TemporaryDirectory.Create();
        Directory.CreateDirectory(data.Combine("keys.lock"));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Product.StartAsync(database.ConnectionString, new Dictionary<string, string> { ["Channels__DataDirectory"] = data.Path }));

        AssertTold(refused, data.Path, "Channels__DataDirectory");
    }

    [PostgresFact]
    public async Task A_master_key_that_is_lost_is_told_with_its_remedy_and_no_other_is_made()
    {
        await using var product = await Product.StartAsync();
        using var client = await ChannelsClient.NewTenantAsync(product);
        await product.StopAsync(within: TimeSpan.FromSeconds(50));
        var (key, copy) = (Path.Combine(product.DataDirectory, "master.key"), Path.Combine(product.DataDirectory, "copy"));
        File.Move(key, copy);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(product.StartAgainAsync);

        AssertTold(refused, key, "is missing", "Channels__MasterKey");
        Assert.False(File.Exists(key));
        File.Move(copy, key);
        await product.StartAgainAsync();
    }

    [PostgresFact]
    public async Task A_database_without_the_fence_between_tenants_is_told_with_its_remedy()
    {
        var database = await databases.CreateDatabaseAsync();
        await using var product = await Product.StartAsync(database.ConnectionString);
        await product.StopAsync(within: TimeSpan.FromSeconds(50));
        await using var loss = database.CreateCommand("drop policy tenant_sees_own on conversation");
        await loss.ExecuteNonQueryAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(product.StartAgainAsync);

        AssertTold(refused, "conversation", "create role channels_tenant nologin");
    }

    [PostgresTheory]
    [InlineData("Channels__DrainShare", "0.0001", "Channels:DrainShare")]
    [InlineData("Channels__JournalMegabytes", "-1", "Channels:JournalMegabytes")]
    [InlineData("Channels__CollectionAge", "5", "Channels:CollectionAge")]
    [InlineData("Channels__PublicUrl", "channels.example.com", "Channels:PublicUrl")]
    [InlineData("Channels__Egress__Allow", "10.20.0.0/99", "Channels:Egress:Allow")]
    [InlineData("Channels__Retention__MessageDays", "ninety", "Channels:Retention:MessageDays")]
    [InlineData("Channels__Retention__MessageDays", "0", "MessageDays")]
    [InlineData("Channels__Sessions__Grace", "20", "Channels__Sessions__Grace must be 00:00:00 to 00:10:00")]
    [InlineData("Channels__GlobalWebhookSecret", "short", "Channels:GlobalWebhookSecret")]
    [InlineData("ASPNETCORE_URLS", "127.0.0.1:7070", "ASPNETCORE_URLS")]
    public async Task A_setting_that_cannot_be_used_is_told_by_its_name(string setting, string value, string name)
    {
        var database = await databases.CreateDatabaseAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Product.StartAsync(database.ConnectionString, new Dictionary<string, string> { [setting] = value }));

        AssertTold(refused, name);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("Host=localhost;Port=5432 Password=s3cret-word")]
    [InlineData("Host=localhost;Pasword=s3cret-word")]
    [InlineData("Host=127.0.0.1;Port=1;Username=nobody")]
    [InlineData("Host=nowhere.invalid;Username=nobody")]
    public async Task A_connection_string_that_cannot_be_used_is_told_by_its_name(string value)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Product.StartAsync(value));

        AssertTold(refused, "ConnectionStrings:Channels");
        Assert.DoesNotContain("s3cret-word", refused.Message, StringComparison.Ordinal);
    }

    private static void AssertTold(InvalidOperationException refused, params string[] words)
    {
        Assert.StartsWith("The product ended with code 1:", refused.Message, StringComparison.Ordinal);
        var last = refused.Message.Split('\n')[^1];
        Assert.StartsWith("Channels cannot start: ", last, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, last, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Nobody is to wait for an answer.</summary>
    private static async Task HangUpAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                (await listener.AcceptTcpClientAsync()).Dispose();
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            // The listener is gone.
        }
    }
}
