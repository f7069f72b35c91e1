using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

public sealed class CrashTests : IAsyncLifetime
{
    private const int Kill = 9;

    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();

    private string Data => _home.Combine("data");

    public Task InitializeAsync() => PostgresBinariesFinder.IsAnyInstalled() ? ClusterTemplate.CopyToAsync(Data) : Task.CompletedTask;

    public Task DisposeAsync()
    {
        _home.Dispose();
        return Task.CompletedTask;
    }

    [PostgresFact]
    public async Task A_killed_host_leaves_its_server_to_the_next_one()
    {
        var first = await HostUnderTest.StartAsync(Data);
        await EmbeddedServer.AskAsync(first.ConnectionString, "create table kept as select 42 as answer");
        await first.KillAsync();

        await using var second = await EmbeddedServer.StartAsync(Data);

        Assert.Equal(first.ServerProcessId, second.ServerProcessId);
        Assert.Equal("42", await EmbeddedServer.AskAsync(second.ConnectionString, "select answer from kept"));
    }

    /// <summary>Docker, Podman and Kubernetes leave root without CAP_SYS_PTRACE: where another user's process works is hidden from it.</summary>
    [RootPostgresFact]
    public async Task A_root_that_may_trace_nobody_starts_its_server_finds_it_again_and_stops_it()
    {
        string[] asInAContainer = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--"];
        var first = await HostUnderTest.StartAsync(Data, runAs: asInAContainer);
        Assert.StartsWith("ready", first.FirstLine, StringComparison.Ordinal);
        await first.KillAsync();

        var second = await HostUnderTest.StartAsync(Data, runAs: asInAContainer);
        await second.DisposeAsync();

        Assert.StartsWith($"ready {first.ServerProcessId} ", second.FirstLine, StringComparison.Ordinal);
        Assert.False(EmbeddedServer.IsAlive(first.ServerProcessId));
    }

    [PostgresFact]
    public async Task The_server_has_a_session_of_its_own_and_none_of_the_hosts_streams()
    {
        await using var host = await HostUnderTest.StartAsync(Data);

        const int group = 5;
        const int session = 6;
        foreach (var survivor in EmbeddedServer.Supervisors(Data).Append(host.ServerProcessId))
        {
            Assert.NotEqual(EmbeddedServer.Stat(host.Id, session), EmbeddedServer.Stat(survivor, session));
            Assert.NotEqual(EmbeddedServer.Stat(host.Id, group), EmbeddedServer.Stat(survivor, group));
            Assert.DoesNotContain(
                Directory.EnumerateFiles($"/proc/{survivor}/fd").Select(stream => new FileInfo(stream).LinkTarget).Take(3),
                target => target?.StartsWith("pipe:", StringComparison.Ordinal) == true);
        }
    }

    [PostgresFact]
    public async Task The_supervisor_stops_the_server_when_the_host_stays_away()
    {
        var host = await HostUnderTest.StartAsync(Data, grace: TimeSpan.FromSeconds(1));

        await host.KillAsync();

        await EmbeddedServer.EndedAsync(host.ServerProcessId);
        await Eventually.TrueAsync("the supervisor ends", () => EmbeddedServer.Supervisors(Data).Count == 0);
        Assert.Contains("database system is shut down", EmbeddedServer.Read(Path.Combine(Data, "pg.log")), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task The_supervisor_of_a_vanished_host_leaves_when_another_took_over()
    {
        var first = await HostUnderTest.StartAsync(Data, grace: TimeSpan.FromSeconds(15));
        var itsSupervisor = Assert.Single(EmbeddedServer.Supervisors(Data));
        await first.KillAsync();

        await using var second = await EmbeddedServer.StartAsync(Data);
        await EmbeddedServer.EndedAsync(itsSupervisor, within: TimeSpan.FromSeconds(60));

        Assert.Equal(first.ServerProcessId, second.ServerProcessId);
        Assert.Equal("1", await EmbeddedServer.AskAsync(second.ConnectionString, "select 1"));
        Assert.Single(EmbeddedServer.Supervisors(Data));
    }

    [PostgresFact]
    public async Task A_host_that_starts_while_the_supervisor_stops_the_server_gets_a_new_one()
    {
        var host = await HostUnderTest.StartAsync(Data, grace: TimeSpan.FromSeconds(1));
        await host.KillAsync();
        await EmbeddedServer.EndedAsync(host.ServerProcessId);

        // The supervisor still holds the lock for a moment: no refusal, only a wait.
        await using var next = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("1", await EmbeddedServer.AskAsync(next.ConnectionString, "select 1"));
    }

    [PostgresFact]
    public async Task A_second_host_on_the_same_directory_is_refused_and_told_who_has_it()
    {
        await using var first = await HostUnderTest.StartAsync(Data);

        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedServer.StartAsync(Data));

        Assert.Equal(EmbeddedPostgresProblem.DataDirectoryInUse, refused.Code);
        Assert.Contains($"process {first.Id}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Channels__DataDirectory", refused.Remedy, StringComparison.Ordinal);
        Assert.True(EmbeddedServer.IsAlive(first.ServerProcessId));
    }

    [PostgresFact]
    public async Task A_stale_pid_file_whose_number_another_program_has_by_now_is_no_hindrance()
    {
        await using (await EmbeddedServer.StartAsync(Data))
        {
        }

        var file = Path.Combine(Data, "pg", "postmaster.pid");
        await File.WriteAllTextAsync(file, $"{Environment.ProcessId}\n{Path.Combine(Data, "pg")}\n1700000000\n5432\n{Path.Combine(Data, "pg")}\n\n  5432001    262144\nready   \n");

        await using var postgres = await EmbeddedServer.StartAsync(Data);

        Assert.Equal("1", await EmbeddedServer.AskAsync(postgres.ConnectionString, "select 1"));
        Assert.NotEqual(Environment.ProcessId, postgres.ServerProcessId);
    }

    [PostgresFact]
    public async Task A_killed_server_is_recovered_by_the_next_host()
    {
        var first = await HostUnderTest.StartAsync(Data);
        await EmbeddedServer.AskAsync(first.ConnectionString, "create table kept as select 42 as answer");
        await first.KillAsync();
        LinuxProcess.Find(first.ServerProcessId)!.Signal(Kill);

        await using var second = await EmbeddedServer.StartAsync(Data);

        Assert.NotEqual(first.ServerProcessId, second.ServerProcessId);
        Assert.Equal("42", await EmbeddedServer.AskAsync(second.ConnectionString, "select answer from kept"));
    }

    [PostgresFact]
    public async Task A_server_that_dies_under_a_living_host_comes_back()
    {
        await using var postgres = await EmbeddedServer.StartAsync(Data);
        var connection = postgres.ConnectionString;
        var died = postgres.ServerProcessId;
        await EmbeddedServer.AskAsync(connection, "create table kept as select 42 as answer");

        LinuxProcess.Find(died)!.Signal(Kill);

        await Eventually.TrueAsync("another server", () => postgres.ServerProcessId != died);
        Assert.Equal(connection, postgres.ConnectionString);
        Assert.Equal("42", await EmbeddedServer.AskAsync(connection, "select answer from kept"));
    }
}
