using System.Security.Cryptography;
using System.Text;

namespace Channels.Storage.Embedded;

/// <summary>Chooses where the server's socket goes: into <c>data/pg</c>, or, when that path is too long for a socket, into a private short one.</summary>
internal static class SocketDirectory
{
    /// <summary>There is no port to be taken: this is only part of the socket's name.</summary>
    public const int Port = 5432;

    /// <summary>The kernel takes 107 bytes; some leave it at 100 to be safe with other systems' tools, and so do we.</summary>
    private const int LongestSocketPath = 99;

    private static readonly string SocketName = $"/.s.PGSQL.{Port}";

    /// <summary>Other users can make directories in /tmp as well: one that is there must be ours, and no link.</summary>
    private const string MakePrivate = """
        mkdir -m 0700 -- "$1" 2>/dev/null || { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && chmod 0700 -- "$1"; }
        """;

    public static async Task<string> PrepareAsync(ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken)
    {
        if (Fits(cluster.RealPath))
        {
            return cluster.RealPath;
        }

        var directory = Path.Combine(ShortParent(account), $"channels-{ShortName(cluster)}");
        var made = await account.ShellAsync(MakePrivate, [directory], cancellationToken);
        return made.Succeeded
            ? directory
            : throw Trouble.Unusable($"The path of {cluster.RealPath} is too long for a socket, and {directory} is not a private directory of '{account.Name}'.");
    }

    /// <summary>Removes what a dead server left, whose number may by now be another program's.</summary>
    public static Task RemoveLeftoversAsync(string directory, ServerAccount account, CancellationToken cancellationToken) =>
        account.RunAsync(["rm", "-f", "--", directory + SocketName, $"{directory}{SocketName}.lock"], cancellationToken);

    /// <summary>Short, and free of what Postgres' list of directories and Npgsql's list of hosts would read as punctuation.</summary>
    internal static bool Fits(string directory) =>
        Encoding.UTF8.GetByteCount(directory + SocketName) <= LongestSocketPath
        && directory.All(letter => char.IsLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_' or '+' or '@');

    private static string ShortParent(ServerAccount account) =>
        !account.IsSomebodyElse && Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 and < 60 } mine && Directory.Exists(mine)
            ? mine
            : "/tmp";

    private static string ShortName(ClusterDirectory cluster) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cluster.RealPath)).AsSpan(0, 8));
}
