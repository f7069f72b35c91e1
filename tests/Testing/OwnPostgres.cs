using System.Diagnostics;
using Channels.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Testing;

/// <summary>A throw-away server of one's own, for tests that take it away: outages, crashes, restarts. All others share one (<see cref="PostgresFixture"/>).</summary>
public sealed class OwnPostgres : IAsyncDisposable
{
    private readonly EmbeddedPostgres _server;
    private readonly TemporaryDirectory _directory;

    private OwnPostgres(EmbeddedPostgres server, TemporaryDirectory directory)
    {
        _server = server;
        _directory = directory;
    }

    /// <summary>The same before and after an outage.</summary>
    public string ConnectionString => _server.ConnectionString;

    public int ServerProcessId => _server.ServerProcessId;

    /// <param name="durable">Whether it waits for the disk, as the product's own does. Off, it is faster.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<OwnPostgres> StartAsync(bool durable = false, CancellationToken cancellationToken = default)
    {
        var directory = TemporaryDirectory.Create();
        try
        {
            var options = new EmbeddedPostgresOptions
            {
                DataDirectory = directory.Path,
                GraceAfterHost = TimeSpan.FromSeconds(1),
                ThrowAway = !durable,
            };
            return new(await EmbeddedPostgres.StartAsync(options, TimeProvider.System, NullLogger.Instance, cancellationToken), directory);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Begins an outage: connections break, new ones are refused.</summary>
    public Task StopServerAsync(CancellationToken cancellationToken = default) => _server.StopServerAsync(cancellationToken);

    /// <summary>Ends it.</summary>
    public Task StartServerAsync(CancellationToken cancellationToken = default) => _server.StartServerAsync(cancellationToken);

    /// <summary>Ends the server without a checkpoint, as a crash would. It comes back by itself, having recovered.</summary>
    public void CrashServer() => LinuxProcess.Find(ServerProcessId)?.Signal(PostmasterSignal.ImmediateStop);

    /// <summary>Ends the server with kill -9, and keeps it away until <see cref="StartServerAsync"/>.</summary>
    public Task KillServerAsync(CancellationToken cancellationToken = default)
    {
        const int Kill = 9;
        LinuxProcess.Find(ServerProcessId)?.Signal(Kill);
        return StopServerAsync(cancellationToken);
    }

    /// <summary>Every process of the server stands still until the result is disposed of: connections stay, and nobody answers.</summary>
    public IDisposable Freeze() => new Frozen(ServerProcessId);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>The same for the end of our process, where nothing can be awaited any more.</summary>
    internal void Discard()
    {
        try
        {
            using var server = Process.GetProcessById(ServerProcessId);
            CrashServer();
            server.WaitForExit(TimeSpan.FromSeconds(5));
        }
        catch (ArgumentException)
        {
            // It is gone already.
        }

        _directory.Dispose();
    }

    private sealed class Frozen : IDisposable
    {
        private const int Stop = 19;
        private const int Continue = 18;
        private readonly List<LinuxProcess> _processes;

        // The postmaster first: it is not to start more of them.
        public Frozen(int postmaster)
        {
            LinuxProcess.Find(postmaster)!.Signal(Stop);
            _processes = [LinuxProcess.Find(postmaster)!, .. ChildrenOf(postmaster)];
            Send(Stop);
        }

        public void Dispose() => Send(Continue);

        private void Send(int signal) => _processes.ForEach(process => process.Signal(signal));

        private static IEnumerable<LinuxProcess> ChildrenOf(int process) =>
            File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => LinuxProcess.Find(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture))).OfType<LinuxProcess>();
    }
}
