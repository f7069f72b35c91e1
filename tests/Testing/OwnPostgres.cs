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

    public static async Task<OwnPostgres> StartAsync(CancellationToken cancellationToken = default)
    {
        var directory = TemporaryDirectory.Create();
        try
        {
            var options = new EmbeddedPostgresOptions
            {
                DataDirectory = directory.Path,
                GraceAfterHost = TimeSpan.FromSeconds(1),
                ThrowAway = true,
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
}
