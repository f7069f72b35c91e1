using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>Which servers' processes work in a cluster. A number in a file proves nothing; working in the directory does.</summary>
/// <remarks>
/// Where a process works is told to whoever might trace it. In containers root may not: Docker, Podman and Kubernetes leave CAP_SYS_PTRACE out. Its own user may everywhere;
/// so where nothing is told to us, it is asked as that user.
/// </remarks>
internal static class ClusterProcesses
{
    private const string Program = "postgres";

    private const string Ask = """
        directory=$1; shift
        for id do
          [ "$(readlink "/proc/$id/cwd")" != "$directory" ] || echo "$id"
        done
        """;

    /// <summary>Those of <paramref name="ids"/> that work in the cluster. With none hidden from us it starts no other program: fit for loops that wait for one.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be told.</exception>
    public static async Task<IReadOnlyList<LinuxProcess>> OfAsync(IEnumerable<int> ids, ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken)
    {
        var (found, hidden) = (new List<int>(), new List<int>());
        foreach (var id in ids.Where(id => LinuxProcess.NameOf(id) == Program))
        {
            switch (LinuxProcess.WorkingDirectoryOf(id))
            {
                case null:
                    hidden.Add(id);
                    break;
                case var directory when directory == cluster.RealPath:
                    found.Add(id);
                    break;
            }
        }

        // Another user's server, where we are no root: not ours.
        if (hidden.Count > 0 && account.IsSomebodyElse)
        {
            found.AddRange(await AskAsync(hidden, cluster, account, cancellationToken));
        }

        return [.. found.Select(LinuxProcess.Find).OfType<LinuxProcess>()];
    }

    /// <summary>Every such process. Reads all of /proc: not for loops that wait for one.</summary>
    public static Task<IReadOnlyList<LinuxProcess>> AllAsync(ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken) =>
        OfAsync(LinuxProcess.AllIds(), cluster, account, cancellationToken);

    private static async Task<IEnumerable<int>> AskAsync(List<int> ids, ClusterDirectory cluster, ServerAccount account, CancellationToken cancellationToken)
    {
        var answer = await account.ShellAsync(Ask, [cluster.RealPath, .. ids.Select(id => id.ToString(CultureInfo.InvariantCulture))], cancellationToken);
        return answer.Succeeded
            ? answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))
            : throw Trouble.From(EmbeddedPostgresProblem.StartFailed, $"Cannot tell whether a server works in {cluster.RealPath}", answer.Said);
    }
}
