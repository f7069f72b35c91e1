namespace Channels.Storage.Embedded;

/// <summary>How a cluster's write-ahead log gets to the disk: past the kernel's page cache, where the disk allows it and nobody copies the log elsewhere (ADR 0031).</summary>
internal sealed class ClusterLog(ClusterDirectory cluster, PostgresBinaries binaries, ServerAccount account)
{
    // Postgres opens its log for direct writes only when nothing but its own recovery will read it.
    private const string Direct = """
        # The log goes past the kernel's page cache: gigabytes that nobody reads again would push out what is, and each new page costs. A copy of the log
        # (archive_mode, a replication slot, a stand-by) needs more in it: set that below together with wal_level, and this is left out at the next start.
        wal_level = minimal
        max_wal_senders = 0
        wal_sync_method = open_datasync
        """;

    // What Postgres does from the start: a write into the cache, and a wait for it.
    private const string Cached = "# The log goes through the kernel's page cache: direct writes are not possible here, or the log is copied elsewhere.";

    // A file system without direct writes refuses to open the file; the server would not start on it.
    private const string TryDirect = """
        file="$1/pg_wal/channels.try"
        dd if=/dev/zero of="$file" bs=8192 count=1 oflag=direct,dsync; result=$?
        rm -f -- "$file"; exit $result
        """;

    private const string HasSlots = """
        test -n "$(ls -A -- "$1/pg_replslot")"
        """;

    private static readonly (string Setting, string Value)[] _notCopied = [("wal_level", "minimal"), ("max_wal_senders", "0"), ("archive_mode", "off")];

    /// <summary>What <c>channels.conf</c> says of it.</summary>
    public static string Settings(bool isDirect) => isDirect ? Direct : Cached;

    /// <summary>Whether the file system that the log is on takes writes past the page cache: most do; some in memory or over a network do not.</summary>
    public async Task<bool> TakesDirectWritesAsync(CancellationToken cancellationToken) =>
        (await account.ShellAsync(TryDirect, [cluster.RealPath], cancellationToken)).Succeeded;

    /// <summary>Whether the cluster's operator has the log copied elsewhere, whose settings stand behind ours: with a log that holds no more than recovery needs, such a server refuses to start.</summary>
    public async Task<bool> IsCopiedAsync(CancellationToken cancellationToken)
    {
        foreach (var (setting, value) in _notCopied)
        {
            var asked = await account.RunAsync([binaries.Server, "-C", setting, "-D", cluster.RealPath], cancellationToken);
            if (!asked.Succeeded || asked.Output.Trim() != value)
            {
                return true;
            }
        }

        return (await account.ShellAsync(HasSlots, [cluster.RealPath], cancellationToken)).Succeeded;
    }
}
