using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Embedded;

/// <summary>The private Postgres that a host starts for itself when it is given no other: a real server on <c>data/pg</c>, reached through a socket alone.</summary>
/// <remarks>
/// It outlives the host. A host that is killed finds it running at its next start; one that never comes back leaves it to the supervisor, which
/// stops it after <see cref="EmbeddedPostgresOptions.GraceAfterHost"/>. A server that dies under a living host is started again.
/// What keeps it from running is an <see cref="EmbeddedPostgresException"/> with its remedy.
/// </remarks>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private readonly DataDirectoryLock _lock;
    private readonly ServerOpening _opening;
    private readonly EmbeddedPostgresOptions _options;
    private readonly TimeProvider _clock;
    private readonly ServerWatch _watch;
    private OpenServer _open;
    private bool _stopped;

    private EmbeddedPostgres(DataDirectoryLock held, ServerOpening opening, OpenServer open, ServerLog log, EmbeddedPostgresOptions options, TimeProvider clock, ILogger logger)
    {
        _lock = held;
        _opening = opening;
        _open = open;
        _options = options;
        _clock = clock;
        _watch = new(() => _open.Server.Process.IsAlive, ReopenAsync, log, clock, logger);
        _watch.Begin();
    }

    /// <summary>For the database <c>channels</c>. Holds no secret, and stays the same while the data directory does.</summary>
    public string ConnectionString => _open.ConnectionString;

    /// <summary>The server's process. Another one after the server died and was started again.</summary>
    public int ServerProcessId => _open.Server.Process.Id;

    /// <summary>Returns when the database takes connections.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot run; the message is for the operator.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresProblem.UnsupportedSystem,
                "The private Postgres runs on Linux only.",
                "Start a Postgres server yourself and name it with ConnectionStrings__Channels.");
        }

        var dataDirectory = MakeDataDirectory(options.DataDirectory);
        var held = await DataDirectoryLock.TakeAsync(dataDirectory, patience: options.StopTimeout, clock, cancellationToken);
        try
        {
            var log = new ServerLog(dataDirectory);
            var opening = new ServerOpening(dataDirectory, options, log, clock, logger);
            return new(held, opening, await opening.OpenAsync(cancellationToken), log, options, clock, logger);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Stops the server and gives the data directory free. May be called twice.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_stopped)
        {
            await StopServerAsync(cancellationToken);
            _stopped = true;
            _lock.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _watch.DisposeAsync();
    }

    /// <summary>Takes the server away while the data directory stays ours: an outage to order.</summary>
    internal async Task StopServerAsync(CancellationToken cancellationToken)
    {
        await _watch.EndAsync();
        await _open.Server.StopAsync(_options.StopTimeout, _clock, cancellationToken);
    }

    /// <summary>Ends an outage.</summary>
    internal async Task StartServerAsync(CancellationToken cancellationToken)
    {
        await ReopenAsync(cancellationToken);
        _watch.Begin();
    }

    private async Task<int> ReopenAsync(CancellationToken cancellationToken)
    {
        _open = await _opening.OpenAsync(cancellationToken);
        return ServerProcessId;
    }

    [UnsupportedOSPlatform("windows")]
    private static string MakeDataDirectory(string configured)
    {
        var path = Path.GetFullPath(configured);
        try
        {
            if (!Directory.Exists(path))
            {
                // As root, the server's user must be able to pass through to data/pg; nobody needs to list it.
                const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                const UnixFileMode passing = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
                Directory.CreateDirectory(path, Environment.IsPrivilegedProcess ? owner | passing : owner);
            }

            return path;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"Cannot make the data directory {path}", refused.Message, refused);
        }
    }
}
