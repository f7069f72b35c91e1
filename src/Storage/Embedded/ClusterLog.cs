namespace Channels.Storage.Embedded;

/// <summary>How a cluster's write-ahead log gets to the disk: past the kernel's page cache, where the disk allows it and nobody copies the log elsewhere (ADR 0031).</summary>
internal static class ClusterLog
{
    /// <summary>From this version on the server writes directly only by a setting meant for its own developers, and with the lesser log it drops from the cache what it wrote.</summary>
    private const int Without = 16;

    /// <summary>A file system that hangs keeps nobody from starting.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // Postgres opens its log for direct writes only when nothing but its own recovery will read it. Each write is waited for then: a session that finds the buffers
    // full writes one page at a time. So there are twice as many, and the log's own writer empties them before (half a million rows updated: 0.9 s as without,
    // 3.8 s with its usual 200 ms, 7.3 s with 8 MB besides).
    private const string Direct = """
        # The log goes past the kernel's page cache: gigabytes that nobody reads again would push out what is read, and each new page costs. Whoever copies the log
        # (archive_mode, a replication slot, a base backup while it runs) needs more in it: 'wal_level = replica' below, and this is left out at the next start.
        wal_level = minimal
        max_wal_senders = 0
        wal_sync_method = open_datasync
        wal_buffers = 16MB
        wal_writer_delay = 20ms
        """;

    // What Postgres does from the start: a write into the cache, and a wait for it.
    private const string Cached = "# The log goes through the kernel's page cache: this version of Postgres, its file system or who copies the log elsewhere wants it so.";

    // The server goes on changing the log's last page while it is on its way. File systems that compute checksums of what they are given (btrfs, ZFS) then
    // refuse to read it back, or to write it; one without direct writes does not even open the file. What an operator set stands behind ours, as it will.
    // With the lesser log, a server that is to be copied or is a copy refuses to start.
    private const string May = """
        cd -- "$1" || exit 1
        case "$(stat -f -c %T pg_wal)" in ext2/ext3 | xfs) ;; *) exit 1 ;; esac
        test -z "$(ls -A pg_replslot)" && test ! -e recovery.signal && test ! -e standby.signal || exit 1
        directory=$1 server=$2
        trap 'rm -f channels.try pg_wal/channels.try' EXIT
        dd if=/dev/zero of=pg_wal/channels.try bs=8192 count=1 oflag=direct || exit 1
        printf '%s\n' "$3" "include 'postgresql.conf'" >channels.try
        holds() { test "$("$server" -C "$1" -D "$directory" -c config_file="$directory/channels.try")" = "$2"; }
        holds wal_level minimal && holds max_wal_senders 0 && holds archive_mode off && holds hba_file "$directory/pg_hba.conf"
        """;

    /// <summary>What <c>channels.conf</c> says of it. Decided anew at every start.</summary>
    public static async Task<string> SettingsAsync(ClusterDirectory cluster, PostgresBinaries binaries, ServerAccount account, CancellationToken cancellationToken)
    {
        if (binaries.Major >= Without)
        {
            return Cached;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            return (await account.ShellAsync(May, [cluster.RealPath, binaries.Server, Direct], limit.Token)).Succeeded ? Direct : Cached;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Cached;
        }
    }
}
