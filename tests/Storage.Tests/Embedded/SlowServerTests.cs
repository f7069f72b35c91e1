using System.Globalization;
using System.Runtime.Versioning;
using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

/// <summary>A program in the place of the server that does what a real one does only after an accident.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SlowServerTests : IAsyncLifetime
{
    private const int Kill = 9;

    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();
    private readonly LogCollector _log = new();

    private string Data => _home.Combine("data");

    public Task InitializeAsync() => PostgresBinariesFinder.IsAnyInstalled() ? ClusterTemplate.CopyToAsync(Data) : Task.CompletedTask;

    public Task DisposeAsync()
    {
        _log.Dispose();
        _home.Dispose();
        return Task.CompletedTask;
    }

    [PostgresFact]
    public async Task Recovery_has_all_the_time_it_needs()
    {
        var programs = await ProgramsAsync("""open(my $file, '>', 'postmaster.pid'); print $file join("\n", $$, $ARGV[1], 0, 5432, $ARGV[1], '', '', 'starting', ''); close $file;""");

        var starting = EmbeddedServer.StartAsync(Data, options => (options.BinariesDirectory, options.StartTimeout) = (programs, TimeSpan.FromSeconds(1)), _log.For<SlowServerTests>());
        await Eventually.TrueAsync("it is said twice", () => starting.IsCompleted || _log.Entries.Count(entry => entry.Message.Contains("still recovering", StringComparison.Ordinal)) > 1);

        var server = Server();
        Assert.True(server is { IsAlive: true });
        Assert.False(starting.IsCompleted);
        server.Signal(Kill);
        var died = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => starting);
        Assert.Equal(EmbeddedPostgresProblem.StartFailed, died.Code);
    }

    [PostgresFact]
    public async Task A_server_that_is_given_up_is_not_left_behind()
    {
        var programs = await ProgramsAsync("");
        var clock = new ManualClock();

        var starting = EmbeddedPostgres.StartAsync(new() { DataDirectory = Data, BinariesDirectory = programs, ThrowAway = true }, clock, _log.For<SlowServerTests>(), default);
        await Eventually.TrueAsync("the server runs", () => Server() is not null);
        var server = Server();
        await Eventually.TrueAsync("it is given up", () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return starting.IsCompleted;
        });

        await Assert.ThrowsAsync<EmbeddedPostgresException>(() => starting);
        await Eventually.TrueAsync("the server ends", () => server is { IsAlive: false });
    }

    private LinuxProcess? Server() =>
        int.TryParse(EmbeddedServer.Read(Path.Combine(Data, "pg", "fake.pid")), CultureInfo.InvariantCulture, out var id) ? LinuxProcess.Find(id) : null;

    private async Task<string> ProgramsAsync(string does)
    {
        var real = (await PostgresBinariesFinder.FindAllAsync(told: null, default))[0];
        var programs = Directory.CreateDirectory(_home.Combine("programs")).FullName;
        File.CreateSymbolicLink(Path.Combine(programs, "initdb"), real.Initialiser);
        var server = Path.Combine(programs, "postgres");
        // No shell: one that was started with interrupts ignored, as in the background of another, cannot hear them.
        await File.WriteAllTextAsync(server, $$"""
            #!/usr/bin/perl
            exec('{{real.Server}}', @ARGV) if $ARGV[0] ne '-D';
            $SIG{INT} = sub { exit 0 };
            chdir $ARGV[1];
            {{does}}
            open(my $pid, '>', 'fake.pid');
            print $pid "$$\n";
            close $pid;
            select(undef, undef, undef, 0.1) while 1;

            """);
        File.SetUnixFileMode(server, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return programs;
    }
}
