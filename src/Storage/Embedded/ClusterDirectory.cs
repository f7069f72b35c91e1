using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary><c>data/pg</c> as it was found: whose it is, and which version made it.</summary>
internal sealed record ClusterDirectory
{
    /// <summary>Where it is called: <c>data/pg</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Where it is: without links, as the kernel names a server's working directory.</summary>
    public required string RealPath { get; init; }

    /// <summary>The major version that made it; null when there is nothing yet.</summary>
    public int? Major { get; init; }

    public int? OwnerId { get; init; }

    public string OwnerName { get; init; } = "";

    public int OwnerGroupId { get; init; }

    public bool Exists => Major is not null;

    public static string PathIn(string dataDirectory) => System.IO.Path.Combine(dataDirectory, "pg");

    public static async Task<ClusterDirectory> ReadAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        var path = PathIn(dataDirectory);
        if (!Directory.Exists(path))
        {
            return new() { Path = path, RealPath = path };
        }

        var answer = await ShellCommand.ShellAsync("cd -P -- \"$1\" && pwd -P && stat -c %u . && stat -c %U . && stat -c %g . && ls -A | head -n 1 && cat PG_VERSION", [path], cancellationToken);
        var lines = answer.Output.Split('\n');
        if (lines is not [{ Length: > 0 } real, var owner, var name, var group, ..])
        {
            throw Trouble.Unusable($"Cannot read {path}: {answer.Errors.Trim()}");
        }

        if (lines is [_, _, _, _, "", ..])
        {
            return new() { Path = path, RealPath = real };
        }

        if (lines is not [_, _, _, _, _, var version, ..] || !int.TryParse(version, CultureInfo.InvariantCulture, out var major))
        {
            throw Trouble.Unusable($"{path} is neither empty nor a Postgres cluster.");
        }

        return new()
        {
            Path = path,
            RealPath = real,
            Major = major,
            OwnerId = int.Parse(owner, CultureInfo.InvariantCulture),
            OwnerName = name,
            OwnerGroupId = int.Parse(group, CultureInfo.InvariantCulture),
        };
    }
}
