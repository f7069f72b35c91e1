using System.Diagnostics;
using System.Runtime.Versioning;
using Channels.Storage.Embedded;
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
    public async Task The_log_goes_past_the_page_cache_where_the_file_system_lets_it()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        Assert.Equal(await IsDirectAsync(postgres) ? Direct : Cached, await EmbeddedServer.AskAsync(postgres.ConnectionString, Ask));
        Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "create table kept as select 1 as one; select one from kept"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Data, "pg"), "channels.try", SearchOption.AllDirectories));
    }

    [PostgresTheory]
    [InlineData("archive_mode = on\narchive_command = 'true'")]
    [InlineData("max_wal_senders = 3")]
    [InlineData("wal_level = logical")]
    [InlineData("wal_level = replica")]
    public async Task A_server_whose_log_is_copied_elsewhere_keeps_what_that_needs(string settings)
    {
        await StartOnceAsync();
        await File.AppendAllTextAsync(Path.Combine(Data, "pg", "postgresql.conf"), settings + "\n");

        await using var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        Assert.Equal("t fdatasync", await EmbeddedServer.AskAsync(
            postgres.ConnectionString, "select concat_ws(' ', current_setting('wal_level') in ('replica', 'logical'), current_setting('wal_sync_method'))"));
    }

    [PostgresFact]
    public async Task A_server_that_logs_what_a_copy_needs_gives_one_while_it_runs()
    {
        await StartOnceAsync();
        await File.AppendAllTextAsync(Path.Combine(Data, "pg", "postgresql.conf"), "wal_level = replica\n");
        await using var postgres = await EmbeddedServer.StartAsync(Data);
        var binaries = (await PostgresBinariesFinder.FindAllAsync(null, CancellationToken.None))[0];
        var server = new Npgsql.NpgsqlConnectionStringBuilder(postgres.ConnectionString);

        var start = new ProcessStartInfo(
            Path.Combine(binaries.Directory, "pg_basebackup"), ["-h", server.Host!, "-U", server.Username!, "-D", _home.Combine("copy"), "-X", "stream", "-c", "fast"]) { RedirectStandardError = true };
        using var copying = Process.Start(start)!;
        var said = await copying.StandardError.ReadToEndAsync();
        await copying.WaitForExitAsync();

        Assert.True(copying.ExitCode == 0, said);
        Assert.True(File.Exists(_home.Combine("copy", "backup_label")));
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

        Assert.Equal(await IsDirectAsync(after) ? Direct : Cached, await EmbeddedServer.AskAsync(after.ConnectionString, Ask));
    }

    [PostgresTheory]
    [InlineData("recovery.signal", "")]
    [InlineData("standby.signal", "")]
    [InlineData("postgresql.conf", "hba_file = '/etc/channels/pg_hba.conf'\n")]
    [InlineData("postgresql.auto.conf", "max_wal_senders = '2'\n")]
    public async Task What_speaks_of_a_copy_in_whatever_file_is_heard(string file, string text)
    {
        await StartOnceAsync();
        var cluster = await ClusterDirectory.ReadAsync(Data, default);
        var account = await ServerAccount.ForAsync(cluster, default);
        var binaries = PostgresBinariesFinder.Choose(await PostgresBinariesFinder.FindAllAsync(null, default), cluster.Major, cluster.Path);
        var before = await ClusterLog.SettingsAsync(cluster, binaries, account, default);
        await File.AppendAllTextAsync(Path.Combine(Data, "pg", file), text);

        var settings = await ClusterLog.SettingsAsync(cluster, binaries, account, default);

        Assert.DoesNotContain("wal_level =", settings, StringComparison.Ordinal);
        Assert.Equal(before.Contains("wal_level = minimal", StringComparison.Ordinal), binaries.Major < 16 && await IsOnExtOrXfsAsync());
    }

    private async Task StartOnceAsync()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);
    }

    private async Task<bool> IsDirectAsync(EmbeddedPostgres postgres) =>
        await EmbeddedServer.AskAsync(postgres.ConnectionString, "select current_setting('server_version_num')::int < 160000") == "True" && await IsOnExtOrXfsAsync();

    private async Task<bool> IsOnExtOrXfsAsync()
    {
        var start = new ProcessStartInfo("stat", ["-f", "-c", "%T", _home.Path]) { RedirectStandardOutput = true };
        using var asked = Process.Start(start)!;
        var said = await asked.StandardOutput.ReadToEndAsync();
        return said.Trim() is "ext2/ext3" or "xfs";
    }
}
