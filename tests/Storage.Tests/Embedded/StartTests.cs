using System.Runtime.Versioning;
using Channels.Storage.Embedded;
using Channels.Testing;
using Npgsql;

namespace Channels.Storage.Tests.Embedded;

[UnsupportedOSPlatform("windows")]
public sealed class StartTests : IDisposable
{
    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();

    private string Data => _home.Combine("data");

    public void Dispose() => _home.Dispose();

    [PostgresFact]
    public async Task A_new_directory_becomes_a_database_of_our_own()
    {
        await using var postgres = await EmbeddedServer.StartAsync(Data, options => options.ThrowAway = false);

        var settings = await EmbeddedServer.AskAsync(postgres.ConnectionString, """
            select concat_ws(' ', current_database(), current_user, current_setting('server_encoding'), current_setting('lc_collate'), current_setting('TimeZone'),
                'fsync', current_setting('fsync'), 'commit', current_setting('synchronous_commit'), 'checksums', current_setting('data_checksums'),
                'tcp', '[' || current_setting('listen_addresses') || ']', 'jit', current_setting('jit'))
            """);

        Assert.Equal("channels channels UTF8 C UTC fsync on commit on checksums on tcp [] jit off", settings);
    }

    [PostgresFact]
    public async Task Pages_in_the_log_are_compressed_in_the_fastest_way_the_server_has()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);

        const string best = "select case when 'lz4' = any (enumvals) then 'lz4' else 'pglz' end from pg_settings where name = 'wal_compression'";
        var set = await EmbeddedServer.AskAsync(postgres.ConnectionString, "select current_setting('wal_compression')");

        // Before 15 there is one way, and it is called "on".
        Assert.Equal(await EmbeddedServer.AskAsync(postgres.ConnectionString, best), set == "on" ? "pglz" : set);
    }

    [PostgresFact]
    public async Task Case_is_folded_in_every_alphabet()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("josé ñandú привет", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select lower('JOSÉ ÑANDÚ ПРИВЕТ')"));
    }

    [PostgresFact]
    public async Task The_connection_string_is_set_up_for_us_and_holds_no_secret()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);

        var parts = new NpgsqlConnectionStringBuilder(postgres.ConnectionString);

        Assert.Equal((100, 50, false, "channels", null), (parts.MaxAutoPrepare, parts.MaxPoolSize, parts.IncludeErrorDetail, parts.ApplicationName, parts.Password));
    }

    [PostgresFact]
    public async Task What_was_written_is_there_after_a_stop_and_a_start()
    {
        await ClusterTemplate.CopyToAsync(Data);
        string connection;
        await using (var first = await EmbeddedServer.StartAsync(Data))
        {
            connection = first.ConnectionString;
            await EmbeddedServer.AskAsync(connection, "create table kept as select 42 as answer");
        }

        await using var second = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("42", await EmbeddedServer.AskAsync(second.ConnectionString, "select answer from kept"));
        Assert.Equal(connection, second.ConnectionString);
    }

    [PostgresFact]
    public async Task A_stop_ends_the_server_and_its_supervisor()
    {
        await ClusterTemplate.CopyToAsync(Data);
        var postgres = await EmbeddedServer.StartAsync(Data);
        var server = postgres.ServerProcessId;
        Assert.Single(EmbeddedServer.Supervisors(Data));

        await postgres.StopAsync(CancellationToken.None);
        await postgres.DisposeAsync();

        Assert.False(EmbeddedServer.IsAlive(server));
        await Eventually.TrueAsync("the supervisor ends", () => EmbeddedServer.Supervisors(Data).Count == 0);
    }

    [PostgresFact]
    public async Task An_operators_own_settings_win_and_survive()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using (await EmbeddedServer.StartAsync(Data))
        {
        }

        await File.AppendAllTextAsync(Path.Combine(Data, "pg", "postgresql.conf"), "work_mem = '13MB'\n");
        await using var postgres = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("13MB", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select current_setting('work_mem')"));
    }

    [PostgresTheory]
    [InlineData("with blanks, 'quotes' and \"more\" $(touch nothing) of them")]
    [InlineData("a-path-that-is-much-too-long-for-a-socket/because-the-kernel-takes-107-bytes/and-deep-home-directories-have-more")]
    public async Task A_directory_that_no_socket_could_live_in_gets_its_socket_elsewhere(string name)
    {
        var data = _home.Combine(name);
        await ClusterTemplate.CopyToAsync(data);

        await using var postgres = await EmbeddedServer.StartAsync(data);

        var socket = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
        Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select 1"));
        Assert.True(Directory.Exists(Path.Combine(data, "pg")));
        Assert.InRange($"{socket}/.s.PGSQL.5432".Length, 1, 99);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(socket));
        Directory.Delete(socket, recursive: true);
    }

    [PostgresFact]
    public async Task An_initialisation_that_was_killed_half_way_is_done_again()
    {
        Directory.CreateDirectory(Path.Combine(Data, "pg.new", "base"));
        await File.WriteAllTextAsync(Path.Combine(Data, "pg.new", "PG_VERSION"), "15\n");

        await using var postgres = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select 1"));
        Assert.False(Directory.Exists(Path.Combine(Data, "pg.new")));
    }

    [PostgresFact]
    public async Task The_server_never_sees_the_hosts_environment()
    {
        await ClusterTemplate.CopyToAsync(Data);
        var environment = new Dictionary<string, string> { ["CHANNELS_MASTER_KEY"] = "the-master-key", ["PGPORT"] = "6000", ["PGHOST"] = "nowhere", ["PGDATA"] = "/nowhere" };

        await using var host = await HostUnderTest.StartAsync(Data, environment: environment);

        Assert.StartsWith("ready", host.FirstLine, StringComparison.Ordinal);
        Assert.DoesNotContain("the-master-key", EmbeddedServer.Read($"/proc/{host.ServerProcessId}/environ"), StringComparison.Ordinal);
        Assert.All(EmbeddedServer.Supervisors(Data), supervisor => Assert.DoesNotContain("the-master-key", EmbeddedServer.Read($"/proc/{supervisor}/environ"), StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task Peoples_words_in_a_failing_statement_do_not_reach_the_servers_log()
    {
        await ClusterTemplate.CopyToAsync(Data);
        await using var postgres = await EmbeddedServer.StartAsync(Data);
        await EmbeddedServer.AskAsync(postgres.ConnectionString, "create table said (words text unique); insert into said values ('my secret words')");

        await Assert.ThrowsAsync<PostgresException>(() => EmbeddedServer.AskAsync(postgres.ConnectionString, "insert into said values ('my secret words')"));
        await Assert.ThrowsAsync<PostgresException>(() => EmbeddedServer.AskAsync(postgres.ConnectionString, "select 'my secret words'::int"));

        Assert.DoesNotContain("my secret words", EmbeddedServer.Read(Path.Combine(Data, "pg.log")), StringComparison.Ordinal);
    }

    [RootPostgresFact]
    public async Task As_root_the_data_stays_roots_and_the_database_belongs_to_somebody_without_rights()
    {
        await using var postgres = await EmbeddedServer.StartAsync(Data);

        var owners = await ShellCommand.ShellAsync("stat -c %u \"$1\" \"$1/pg\" \"$1/host.lock\"", [Data], CancellationToken.None);
        var user = EmbeddedServer.Read($"/proc/{postgres.ServerProcessId}/status").Split('\n').Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t');
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(Data, "pg")));
        Assert.True(owners.Output.Split('\n') is ["0", not "0", "0", ..], owners.Output);
        Assert.DoesNotContain("0", user[1..]);
    }

    [RootPostgresFact]
    public async Task As_root_in_a_home_that_keeps_everyone_out_the_database_goes_where_its_user_can_reach_it()
    {
        Directory.CreateDirectory(Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_home.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        using var log = new LogCollector();
        string elsewhere;
        await using (var postgres = await EmbeddedServer.StartAsync(Data, logger: log.For<StartTests>()))
        {
            elsewhere = new DirectoryInfo(Path.Combine(Data, "pg")).LinkTarget ?? "";
            Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select 1"));
        }

        await using (await EmbeddedServer.StartAsync(Data))
        {
            Assert.StartsWith("/var/lib/channels/pg-", elsewhere, StringComparison.Ordinal);
        }

        Assert.Contains(log.Entries, entry => entry.Message == $"The private database lies in {elsewhere}; {Path.Combine(Data, "pg")} is only a link to it, which a backup has to follow");
        Directory.Delete(elsewhere, recursive: true);
    }

    [RootPostgresFact]
    public async Task An_ordinary_user_runs_the_server_as_himself_and_root_can_go_on_with_his_data()
    {
        string[] asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        using var theirs = TemporaryDirectory.Create();
        await ShellCommand.RunAsync(["chown", "65534:65534", theirs.Path], CancellationToken.None);

        await using (var host = await HostUnderTest.StartAsync(theirs.Combine("data"), runAs: asNobody))
        {
            Assert.StartsWith("ready", host.FirstLine, StringComparison.Ordinal);
            Assert.Equal("connected", await HostUnderTest.ConnectAsync(host.ConnectionString, asNobody));
        }

        await using var asRoot = await EmbeddedServer.StartAsync(theirs.Combine("data"));
        Assert.Equal("1", await EmbeddedServer.AskAsync(asRoot.ConnectionString, "select 1"));
    }

    [RootPostgresFact]
    public async Task Another_local_user_gets_in_neither_through_the_directory_nor_without_it()
    {
        await ClusterTemplate.CopyToAsync(Data);
        string[] asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
        await using var postgres = await EmbeddedServer.StartAsync(Data);
        Assert.Equal("refused", await HostUnderTest.ConnectAsync(postgres.ConnectionString, asNobody));

        // Even with the doors open, the kernel says who is calling.
        await ShellCommand.ShellAsync("chmod 0777 \"$1\" \"$1/.s.PGSQL.5432\"", [Path.Combine(Data, "pg")], CancellationToken.None);

        Assert.Equal("refused", await HostUnderTest.ConnectAsync(postgres.ConnectionString, asNobody));
        Assert.Equal("connected", await HostUnderTest.ConnectAsync(postgres.ConnectionString, runAs: []));
    }
}
