using System.Globalization;
using System.Security.Cryptography;

namespace Channels.Storage.Embedded;

/// <summary>Makes a new cluster, all or nothing.</summary>
/// <remarks>
/// It grows under another name and is renamed when complete, so a start that is killed half way leaves nothing that looks like a database.
/// As root, <c>data/</c> may lie where the server's user cannot reach it (/root keeps everyone out). The cluster then goes to /var/lib/channels,
/// under a fresh name, and <c>data/pg</c> is a link to it.
/// </remarks>
internal sealed class ClusterInitialiser(string dataDirectory, ServerAccount account, EmbeddedPostgresOptions options)
{
    private const string Elsewhere = "/var/lib/channels";

    /// <summary>What to say of a cluster that is there, such as one of a backup, where the server's user cannot reach it. Moved by hand: it may be large.</summary>
    public static EmbeddedPostgresException Unreachable(ClusterDirectory cluster, ServerAccount account)
    {
        var home = FreshHome();
        return new(
            EmbeddedPostgresProblem.DataDirectoryUnusable,
            $"{cluster.Path} belongs to the user '{account.Name}', who cannot get there: a directory above keeps other users out.",
            $"Move it to where '{account.Name}' can, and leave a link: install -d -m 0711 {Elsewhere} && mv '{cluster.RealPath}' {home} && ln -sfn {home} '{cluster.Path}'");
    }

    public async Task<ClusterDirectory> CreateAsync(PostgresBinaries binaries, CancellationToken cancellationToken)
    {
        var path = ClusterDirectory.PathIn(dataDirectory);
        var home = await MakeDirectoryAsync(path + ".new", cancellationToken);
        if (!await account.CanEnterAsync(home, cancellationToken))
        {
            Directory.Delete(home);
            home = await MakeDirectoryAsync(FreshHome(), cancellationToken);
        }

        await InitialiseAsync(binaries, home, cancellationToken);
        try
        {
            RemoveEmpty(path);
            if (home.StartsWith(Elsewhere, StringComparison.Ordinal))
            {
                Directory.CreateSymbolicLink(path, home);
            }
            else
            {
                Directory.Move(home, path);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"Cannot make {path}", refused.Message, refused);
        }

        return await ClusterDirectory.ReadAsync(dataDirectory, cancellationToken);
    }

    private static string FreshHome() => $"{Elsewhere}/pg-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    /// <summary>An empty directory that belongs to the server's user alone. What an earlier, killed attempt left is removed.</summary>
    private async Task<string> MakeDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        string[] ownership = account.IsSomebodyElse
            ? ["-o", account.UserId.ToString(CultureInfo.InvariantCulture), "-g", account.GroupId.ToString(CultureInfo.InvariantCulture)]
            : [];
        // Parents are root's and may be passed through, not listed.
        const string script = """
            path=$1; shift
            rm -rf -- "$path"
            [ -d "$(dirname -- "$path")" ] || install -d -m 0711 -- "$(dirname -- "$path")"
            install -d -m 0700 "$@" -- "$path"
            """;
        var made = await ShellCommand.ShellAsync("set -e\n" + script, [path, .. ownership], cancellationToken);
        return made.Succeeded ? path : throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"Cannot make {path}", made.Said);
    }

    private async Task InitialiseAsync(PostgresBinaries binaries, string directory, CancellationToken cancellationToken)
    {
        var answer = await account.RunAsync(
            [
                binaries.Initialiser,
                "--pgdata", directory,
                "--username", ClusterSettings.Role,
                "--encoding", "UTF8",
                // Sorted by code point, whatever the machine's locale and its next update; upper and lower case are Unicode's all the same.
                "--locale", "C",
                "--lc-ctype", "C.UTF-8",
                "--auth-local", "peer",
                "--auth-host", "reject",
                "--data-checksums",
                "--no-instructions",
                .. ThrowAwayOptions(),
            ],
            cancellationToken);
        if (!answer.Succeeded)
        {
            throw Trouble.From(EmbeddedPostgresProblem.InitialisationFailed, $"initdb of PostgreSQL {binaries.Major} could not make a cluster in {directory}", answer.Said);
        }
    }

    private IEnumerable<string> ThrowAwayOptions()
    {
        if (options.ThrowAway)
        {
            yield return "--no-sync";
        }
    }

    private static void RemoveEmpty(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path);
        }
    }
}
