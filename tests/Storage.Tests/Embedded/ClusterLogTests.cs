using System.Diagnostics;
using System.Runtime.Versioning;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

/// <summary>How the private server's log gets to the disk.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ClusterLogTests : IDisposable
{
    private const string Direct = "minimal 0 open_datasync";
    private const string Cached = "replica 10 fdatasync";
    private const string Ask = "select concat_ws(' ', current_setting('wal_level'), current_setting('max_wal_senders'), current_setting('wal_sync_method'))";

    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();

    private string Data => _home.Combine("data");

    public void Dispose() => _home.Dispose();

    [PostgresFact]
    public async Task The_log_goes_past_the_page_cache_where_the_file_system_allows_it()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        Assert.Equal(await TakesDirectWritesAsync() ? Direct : Cached, await EmbeddedServer.AskAsync(postgres.ConnectionString, Ask));
        Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "create table kept as select 1 as one; select one from kept"));
        Assert.False(File.Exists(Path.Combine(Data, "pg", "pg_wal", "channels.try")));
    }

    [PostgresTheory]
    [InlineData("archive_mode = on\narchive_command = 'true'")]
    [InlineData("max_wal_senders = 3")]
    [InlineData("wal_level = logical")]
    public async Task A_server_whose_log_is_copied_elsewhere_keeps_what_that_needs(string settings)
    {
        await StartOnceAsync();
        await File.AppendAllTextAsync(Path.Combine(Data, "pg", "postgresql.conf"), settings + "\n");

        await using var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        Assert.Equal("t fdatasync", await EmbeddedServer.AskAsync(
            postgres.ConnectionString, "select concat_ws(' ', current_setting('wal_level') in ('replica', 'logical'), current_setting('wal_sync_method'))"));
    }

    [PostgresFact]
    public async Task A_replication_slot_keeps_its_server_starting()
    {
        await StartOnceAsync();
        var settings = Path.Combine(Data, "pg", "postgresql.conf");
        var ours = await File.ReadAllTextAsync(settings);
        await File.AppendAllTextAsync(settings, "wal_level = replica\n");
        await using (var before = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false))
        {
            await EmbeddedServer.AskAsync(before.ConnectionString, "select pg_create_physical_replication_slot('elsewhere')");
        }

        await File.WriteAllTextAsync(settings, ours);
        await using (var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false))
        {
            Assert.Equal(Cached, await EmbeddedServer.AskAsync(postgres.ConnectionString, Ask));
            await EmbeddedServer.AskAsync(postgres.ConnectionString, "select pg_drop_replication_slot('elsewhere')");
        }

        await using var after = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        Assert.Equal(await TakesDirectWritesAsync() ? Direct : Cached, await EmbeddedServer.AskAsync(after.ConnectionString, Ask));
    }

    private async Task StartOnceAsync()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);
    }

    // Asked of the same file system in another way than the product does, which writes as the server's user into its directory.
    private async Task<bool> TakesDirectWritesAsync()
    {
        using var trial = Process.Start("dd", ["if=/dev/zero", $"of={_home.Combine("trial")}", "bs=4096", "count=2", "oflag=direct", "status=none"]);
        await trial.WaitForExitAsync();
        return trial.ExitCode == 0;
    }
}
