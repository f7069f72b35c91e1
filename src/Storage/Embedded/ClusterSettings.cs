using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>How the server is set up, and who may talk to it. Written at every start, so an update of Channels reaches old clusters.</summary>
/// <remarks>
/// Three fences: no TCP; a socket in a directory that only the server's user and root can enter; and the kernel's word for who is calling (peer),
/// for the same two. There is no password that could leak, and no other local user gets in.
/// An operator's own settings belong into <c>data/pg/postgresql.conf</c>, below the include: the last word wins.
/// </remarks>
internal static class ClusterSettings
{
    public const string Role = "channels";
    public const string Database = "channels";

    private const string Map = "host";

    private const string Write = """
        set -e; umask 077; cd -- "$1"
        printf '%s\n' "$2" >channels.conf
        printf '%s\n' "$3" >pg_hba.conf
        printf '%s\n' "$4" >pg_ident.conf
        grep -q "^include 'channels.conf'" postgresql.conf || printf '%s\n' "$5" >postgresql.conf
        """;

    private const string Main = """
        # channels.conf is written by Channels at every start. Settings of your own go below; the last one wins.
        include 'channels.conf'
        """;

    private const string Access = $"""
        # Written by Channels at every start. The kernel says which user of the system is calling; pg_ident.conf says who of them is '{Role}'.
        local all all peer map={Map}
        # For base backups; the server takes them once its log has what they need ('wal_level = replica' in postgresql.conf).
        local replication all peer map={Map}
        """;

    public static async Task WriteAsync(
        ClusterDirectory cluster, PostgresBinaries binaries, ServerAccount account, EmbeddedPostgresOptions options, CancellationToken cancellationToken)
    {
        var compression = await WalCompressionAsync(cluster, binaries, account, cancellationToken);
        var log = await ClusterLog.SettingsAsync(cluster, binaries, account, cancellationToken);

        // As the server's user, not as root: in a directory that is somebody else's, root would follow whatever links it finds.
        var written = await account.ShellAsync(Write, [cluster.RealPath, Server(options, compression, log), Access, Callers(account), Main], cancellationToken);
        if (!written.Succeeded)
        {
            throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"The user '{account.Name}' cannot write to {cluster.RealPath}", written.Said);
        }
    }

    /// <summary>lz4 where this server has it (15 and newer, if built with it): vacuuming after a flood writes pages by the ten thousand, and its own way took a tenth of two processors for them.</summary>
    private static async Task<string> WalCompressionAsync(ClusterDirectory cluster, PostgresBinaries binaries, ServerAccount account, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            var asked = await account.RunAsync([binaries.Server, "-C", "wal_compression", "-c", "wal_compression=lz4", "-D", cluster.RealPath], limit.Token);
            return asked.Succeeded ? "lz4" : "on";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "on";
        }
    }

    /// <summary>A quarter of the machine, at most what our working set needs.</summary>
    private static long SharedBuffersInMegabytes() => Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 >> 20, 32, 256);

    private static string Callers(ServerAccount account) => $"""
        # Written by Channels at every start: root and the server's own user.
        {Map} root {Role}
        {Map} "{account.Name}" {Role}
        """;

    private static string Server(EmbeddedPostgresOptions options, string walCompression, string log) => string.Create(CultureInfo.InvariantCulture, $"""
        # Written by Channels at every start; your own settings belong into postgresql.conf.
        cluster_name = 'channels'
        # At most 50 for requests and 16 for the message path, and room for who looks in.
        max_connections = 150
        timezone = 'UTC'
        log_timezone = 'UTC'

        # A webhook answered with 200 is on the disk.
        fsync = {(options.ThrowAway ? "off" : "on")}
        synchronous_commit = on
        full_page_writes = on

        # A small machine that writes much and reads little of it again.
        shared_buffers = {SharedBuffersInMegabytes()}MB
        work_mem = 8MB
        maintenance_work_mem = 64MB
        # A checkpoint makes the pages after it cost more; a new log file need not be written twice, a commit waits for its blocks all the same.
        max_wal_size = 4GB
        wal_init_zero = off
        # What sessions write reaches the disk as it is written. Left to the kernel it gathers for half a minute, and a checkpoint then waits for hundreds of megabytes at once, every commit behind it.
        backend_flush_after = 256kB
        wal_compression = {walCompression}
        {log}
        checkpoint_timeout = 15min
        random_page_cost = 1.1
        jit = off
        # Parallel plans would need /dev/shm, which containers keep tiny.
        max_parallel_workers_per_gather = 0
        max_parallel_maintenance_workers = 0

        # Queue tables: rows live for seconds, so dead ones must be collected early, and an idle transaction must not hold them for ever.
        # At Postgres' own pace (autovacuum_vacuum_cost_limit): each page a vacuum gives up waits for the log up to its last change, and five times as many of them kept commits waiting.
        autovacuum_naptime = 15s
        autovacuum_vacuum_scale_factor = 0.05
        autovacuum_vacuum_insert_scale_factor = 0.1
        autovacuum_analyze_scale_factor = 0.05
        idle_in_transaction_session_timeout = 5min

        # Errors of statements go to the host that made them. Here they would put people's words into a file.
        logging_collector = off
        log_destination = 'stderr'
        log_min_messages = log
        log_min_error_statement = panic
        log_error_verbosity = terse
        log_statement = none
        log_min_duration_statement = -1
        log_checkpoints = off
        log_line_prefix = '%m [%p] '
        """);
}
