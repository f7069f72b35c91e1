using System.Diagnostics;
using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>Starts a server that outlives us, and clears away what a dead one left.</summary>
internal sealed class ServerLauncher(ClusterDirectory cluster, ServerAccount account, ServerLog log, TimeProvider clock)
{
    private static readonly TimeSpan PatienceWithOrphans = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceWithLaunch = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Its own session, so neither Ctrl-C on the host's terminal nor the end of the host's process group reaches it; and no stream of the host's,
    /// because whoever waits for the end of our output must not wait for a server.
    /// </summary>
    private const string Detached = """
        exec </dev/null >>"$1" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
        shift
        command -v setsid >/dev/null && exec setsid "$@"
        exec "$@"
        """;

    /// <summary>Makes sure that nothing works in the cluster, and removes the files by which a new server would think otherwise.</summary>
    public async Task ClearLeftoversAsync(string socketDirectory, CancellationToken cancellationToken)
    {
        // Of a server whose postmaster was killed. They see it, and leave; starting beside them would ruin the data.
        IReadOnlyList<LinuxProcess> orphans = [];
        if (!await RunningServer.UntilAsync(GoneAsync, PatienceWithOrphans, clock, cancellationToken))
        {
            foreach (var orphan in orphans)
            {
                orphan.Signal(PostmasterSignal.ImmediateStop);
            }

            if (!await RunningServer.UntilAsync(GoneAsync, PatienceWithOrphans, clock, cancellationToken))
            {
                throw new EmbeddedPostgresException(
                    EmbeddedPostgresProblem.StartFailed,
                    $"Processes of an earlier server still work in {cluster.RealPath}: {string.Join(", ", orphans.Select(orphan => orphan.Id))}.",
                    "End them, then start again.");
            }
        }

        // Postgres itself would believe in a file whose number some other program of the same user has by now: usual in containers.
        await account.RunAsync(["rm", "-f", "--", PostmasterFile.PathIn(cluster)], cancellationToken);
        await SocketDirectory.RemoveLeftoversAsync(socketDirectory, account, cancellationToken);

        async Task<bool> GoneAsync()
        {
            orphans = await ClusterProcesses.AllAsync(cluster, account, cancellationToken);
            return orphans.Count == 0;
        }
    }

    /// <summary>Starts the server and returns once it runs. It may still have to recover before it takes connections.</summary>
    public async Task<RunningServer> LaunchAsync(PostgresBinaries binaries, string socketDirectory, CancellationToken cancellationToken)
    {
        log.Trim();
        var position = log.Position();
        using var process = ShellCommand.Start(
        [
            "sh", "-c", Detached, "channels", log.Path,
            .. account.Switch,
            binaries.Server,
            "-D", cluster.RealPath,
            "-c", "listen_addresses=",
            "-c", $"unix_socket_directories={socketDirectory}",
            "-c", "unix_socket_permissions=0700",
            "-c", string.Create(CultureInfo.InvariantCulture, $"port={SocketDirectory.Port}"),
        ]);
        process.StandardInput.Close();
        // Ends as soon as the shell has turned its streams away; holds what kept it from doing so.
        var complaint = await process.StandardError.ReadToEndAsync(cancellationToken);

        RunningServer? server = null;
        try
        {
            await RunningServer.UntilAsync(
                async () => HasFailed(process) || (server = await RunningServer.FindAsync(cluster, account, cancellationToken)) is not null, PatienceWithLaunch, clock, cancellationToken);
            return server ?? throw DidNotStart(complaint + log.Since(position));
        }
        catch
        {
            // Nobody knows of it, so nobody else would end it.
            LinuxProcess.Find(process.Id)?.Signal(PostmasterSignal.FastStop);
            throw;
        }
    }

    /// <summary>Returns when the server takes connections.</summary>
    public async Task AwaitReadyAsync(RunningServer server, TimeSpan patience, Action<TimeSpan> stillRecovering, CancellationToken cancellationToken)
    {
        var position = log.Position();
        if (!await server.BecameReadyAsync(patience, stillRecovering, clock, cancellationToken))
        {
            throw server.Process.IsAlive
                ? new EmbeddedPostgresException(
                    EmbeddedPostgresProblem.StartFailed,
                    string.Create(CultureInfo.InvariantCulture, $"The private Postgres in {cluster.RealPath} was not ready after {patience.TotalSeconds:0} s, and not recovering; it is stopped."),
                    $"See {log.Path}, and start again.")
                : DidNotStart(log.Since(Math.Max(0, position - 2048)));
        }
    }

    private EmbeddedPostgresException DidNotStart(string said) =>
        Trouble.From(EmbeddedPostgresProblem.StartFailed, $"The private Postgres in {cluster.RealPath} did not start", said);

    /// <summary>A switch tool may hand over to a child and leave with 0; the server itself never leaves so early with 0.</summary>
    private static bool HasFailed(Process process) => process.HasExited && process.ExitCode != 0;
}
