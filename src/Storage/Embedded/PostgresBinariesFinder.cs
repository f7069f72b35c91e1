using System.Globalization;
using System.Text.RegularExpressions;

namespace Channels.Storage.Embedded;

/// <summary>Finds the machine's own Postgres: where we are told, else in PATH and where packages put it.</summary>
internal static partial class PostgresBinariesFinder
{
    /// <summary>The oldest major version that its own project still maintained when we began, and that has all we use.</summary>
    public const int OldestMajor = 14;

    /// <summary>Debian and Ubuntu, Red Hat's own repositories of PostgreSQL, Alpine, a build from source.</summary>
    private static readonly (string Parent, string Pattern, string Below)[] UsualPlaces =
    [
        ("/usr/lib/postgresql", "*", "bin"),
        ("/usr", "pgsql-*", "bin"),
        ("/usr/libexec", "postgresql*", ""),
        ("/usr/local", "pgsql", "bin"),
    ];

    /// <summary>Every usable version, newest first.</summary>
    public static async Task<IReadOnlyList<PostgresBinaries>> FindAllAsync(string? told, CancellationToken cancellationToken)
    {
        var found = new List<PostgresBinaries>();
        foreach (var directory in Candidates(told).Distinct())
        {
            if (await ReadVersionAsync(directory, cancellationToken) is { } major and >= OldestMajor)
            {
                found.Add(new(directory, major));
            }
        }

        return [.. found.OrderByDescending(binaries => binaries.Major)];
    }

    /// <summary>The newest version for a new cluster, or the one version that can serve an existing one.</summary>
    public static PostgresBinaries Choose(IReadOnlyList<PostgresBinaries> found, int? existingMajor, string clusterDirectory)
    {
        if (existingMajor is null)
        {
            return found.Count > 0 ? found[0] : throw NotInstalled();
        }

        return found.FirstOrDefault(binaries => binaries.Major == existingMajor)
            ?? (found.Count == 0 ? throw NotInstalled() : throw WrongVersion(found, existingMajor.Value, clusterDirectory));
    }

    /// <summary>Whether there is any, without starting a process. For tests that must decide before they run.</summary>
    public static bool IsAnyInstalled() => Candidates(told: null).Any();

    private static IEnumerable<string> Candidates(string? told)
    {
        if (told is not null)
        {
            return HasPrograms(told) ? [told] : [];
        }

        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathRooted);
        var usual = from place in UsualPlaces
                    where Directory.Exists(place.Parent)
                    from directory in Directory.EnumerateDirectories(place.Parent, place.Pattern)
                    select Path.Combine(directory, place.Below);
        return path.Concat(usual).Where(HasPrograms).Select(WithoutLinks);
    }

    private static bool HasPrograms(string directory) => IsThere(Path.Combine(directory, "postgres")) && IsThere(Path.Combine(directory, "initdb"));

    /// <summary>A link whose target was uninstalled is a file to <see cref="File.Exists"/>, and nothing to us.</summary>
    private static bool IsThere(string program) =>
        File.Exists(program) && File.ResolveLinkTarget(program, returnFinalTarget: true) is not { Exists: false };

    /// <summary>/usr/local/bin/postgres is often a link into a versioned folder, and must not count twice.</summary>
    private static string WithoutLinks(string directory) =>
        File.ResolveLinkTarget(Path.Combine(directory, "postgres"), returnFinalTarget: true) is { } target
        && Path.GetDirectoryName(target.FullName) is { } home && HasPrograms(home)
            ? home
            : directory.TrimEnd('/');

    private static async Task<int?> ReadVersionAsync(string directory, CancellationToken cancellationToken)
    {
        // Through the shell: a program of another processor's or without its libraries is an answer, not an exception.
        var answer = await ShellCommand.ShellAsync("\"$1\" --version", [Path.Combine(directory, "postgres")], cancellationToken);
        var version = MajorVersion().Match(answer.Output);
        return answer.Succeeded && version.Success ? int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
    }

    private static EmbeddedPostgresException NotInstalled() =>
        new(
            EmbeddedPostgresProblem.NoBinaries,
            $"PostgreSQL {OldestMajor} or newer is not installed: there is no 'postgres' in PATH or /usr/lib/postgresql/*/bin.",
            $"Install it with '{InstallCommand.ForThisSystem()}' (./run.sh does), or name a server of your own with ConnectionStrings__Channels.");

    private static EmbeddedPostgresException WrongVersion(IReadOnlyList<PostgresBinaries> found, int wanted, string clusterDirectory) =>
        new(
            EmbeddedPostgresProblem.WrongVersion,
            $"{clusterDirectory} was made by PostgreSQL {wanted}; installed here: {string.Join(", ", found.Select(binaries => binaries.Major))}. Another major version cannot read it.",
            $"Install version {wanted} beside it with '{InstallCommand.ForThisSystem(wanted)}', or carry the data over with pg_upgrade or pg_dump, or start afresh with another Channels__DataDirectory.");

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex MajorVersion();
}
