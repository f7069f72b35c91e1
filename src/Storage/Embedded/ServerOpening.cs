using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Embedded;

/// <summary>Brings the server of one data directory up: adopts the one that lives, else starts one, on a new cluster if there is none.</summary>
/// <remarks>Only for the holder of the <see cref="DataDirectoryLock"/>.</remarks>
internal sealed partial class ServerOpening(string dataDirectory, EmbeddedPostgresOptions options, ServerLog log, TimeProvider clock, ILogger logger)
{
    public async Task<OpenServer> OpenAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var cluster = await ClusterDirectory.ReadAsync(dataDirectory, cancellationToken);
        var account = await ServerAccount.ForAsync(cluster, cancellationToken);
        while (true)
        {
            if (!cluster.Exists || await RunningServer.FindAsync(cluster, account, cancellationToken) is not { } found)
            {
                var launched = await StartAsync(cluster, account, cancellationToken);
                TellWhere();
                Log.Started(logger, launched.Server.Process.Id, account.Name, dataDirectory, clock.GetElapsedTime(started).TotalMilliseconds);
                return launched;
            }

            if (await AdoptAsync(found, cancellationToken) is { } adopted)
            {
                TellWhere();
                Log.Adopted(logger, found.Process.Id, dataDirectory, clock.GetElapsedTime(started).TotalMilliseconds);
                return adopted;
            }

            if (!await found.EndedAsync(options.StartTimeout, clock, cancellationToken))
            {
                throw new EmbeddedPostgresException(
                    EmbeddedPostgresProblem.StartFailed,
                    $"The Postgres that was found running in {cluster.RealPath} (process {found.Process.Id}) neither takes connections nor ends.",
                    $"See {log.Path}; end it with 'kill -INT {found.Process.Id}' and start again.");
            }
        }
    }

    private async Task<OpenServer> StartAsync(ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken)
    {
        var installed = await PostgresBinariesFinder.FindAllAsync(options.BinariesDirectory, cancellationToken);
        var binaries = PostgresBinariesFinder.Choose(installed, cluster.Major, cluster.Path);
        if (!cluster.Exists)
        {
            Log.Initialising(logger, cluster.Path, binaries.Major, binaries.Directory);
            cluster = await new ClusterInitialiser(dataDirectory, account, options).CreateAsync(binaries, cancellationToken);
        }
        else if (!await account.CanEnterAsync(cluster.RealPath, cancellationToken))
        {
            throw ClusterInitialiser.Unreachable(cluster, account);
        }

        await ClusterSettings.WriteAsync(cluster, binaries, account, options, cancellationToken);
        var socketDirectory = await SocketDirectory.PrepareAsync(cluster, account, cancellationToken);
        var launcher = new ServerLauncher(cluster, account, log, clock);
        await launcher.ClearLeftoversAsync(socketDirectory, cancellationToken);
        var server = await launcher.LaunchAsync(binaries, socketDirectory, cancellationToken);
        try
        {
            // Before it is ready: recovery may take minutes, and we may be killed in them.
            await SuperviseAsync(server, cancellationToken);
            await launcher.AwaitReadyAsync(server, options.StartTimeout, StillRecovering(server), cancellationToken);
            return await ConnectAsync(server, cancellationToken);
        }
        catch
        {
            server.Process.Signal(PostmasterSignal.FastStop);
            throw;
        }
    }

    /// <summary>Null when the server is on its way out.</summary>
    private async Task<OpenServer?> AdoptAsync(RunningServer server, CancellationToken cancellationToken)
    {
        await SuperviseAsync(server, cancellationToken);
        try
        {
            return await server.BecameReadyAsync(options.StartTimeout, StillRecovering(server), clock, cancellationToken) ? await ConnectAsync(server, cancellationToken) : null;
        }
        catch (EmbeddedPostgresException) when (!server.Process.IsAlive || server.Ready is null)
        {
            return null;
        }
    }

    private Action<TimeSpan> StillRecovering(RunningServer server) => waited => Log.Recovering(logger, server.Process.Id, dataDirectory, waited.TotalSeconds, log.Path);

    /// <summary>Who copies the data directory must know that the database is not in it.</summary>
    private void TellWhere()
    {
        var path = ClusterDirectory.PathIn(dataDirectory);
        if (Directory.ResolveLinkTarget(path, returnFinalTarget: true) is { FullName: var real })
        {
            Log.LiesElsewhere(logger, real, path);
        }
    }

    private Task SuperviseAsync(RunningServer server, CancellationToken cancellationToken) =>
        Supervisor.StartAsync(server, options.GraceAfterHost, dataDirectory, cancellationToken);

    private static async Task<OpenServer> ConnectAsync(RunningServer server, CancellationToken cancellationToken)
    {
        var connectionString = server.Ready is { } file ? PrivateDatabase.ConnectionString(file) : "";
        try
        {
            await PrivateDatabase.EnsureAsync(connectionString, cancellationToken);
            return new(server, connectionString);
        }
        catch (NpgsqlException refused)
        {
            throw Trouble.From(EmbeddedPostgresProblem.StartFailed, $"The private Postgres (process {server.Process.Id}) runs, but does not let us in", refused.Message, refused);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2801, LogLevel.Information, "Making a database in {Directory} with PostgreSQL {Major} from {Binaries}")]
        public static partial void Initialising(ILogger logger, string directory, int major, string binaries);

        [LoggerMessage(2802, LogLevel.Information, "Private Postgres started as process {ProcessId} of user {User} on {Directory} in {Milliseconds:0} ms")]
        public static partial void Started(ILogger logger, int processId, string user, string directory, double milliseconds);

        [LoggerMessage(2803, LogLevel.Information, "Took over the running private Postgres, process {ProcessId}, on {Directory} in {Milliseconds:0} ms")]
        public static partial void Adopted(ILogger logger, int processId, string directory, double milliseconds);

        [LoggerMessage(2804, LogLevel.Information, "The private database lies in {RealPath}; {Path} is only a link to it, which a backup has to follow")]
        public static partial void LiesElsewhere(ILogger logger, string realPath, string path);

        [LoggerMessage(2805, LogLevel.Warning, "The private Postgres, process {ProcessId}, on {Directory} is still recovering after {Seconds:0} s. Stopped now, it would begin again; {LogFile} says how far it is")]
        public static partial void Recovering(ILogger logger, int processId, string directory, double seconds, string logFile);
    }
}

/// <summary>A server that took our connection.</summary>
internal sealed record OpenServer(RunningServer Server, string ConnectionString);
