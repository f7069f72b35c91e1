namespace Channels.Storage.Embedded;

/// <summary>Turns what the system or Postgres' own programs said into a problem with a remedy. The only place that reads their words.</summary>
internal static class Trouble
{
    private const string OtherDirectory = "or name another directory with Channels__DataDirectory";

    public static EmbeddedPostgresException From(string code, string doing, string said, Exception? inner = null) => said switch
    {
        _ when Says(said, "No space left on device") || Says(said, "Disk quota exceeded") || Says(said, "Check free disk space") => DiskFull(doing, said, inner),
        _ when Says(said, "Permission denied") || Says(said, "Read-only file system") || Says(said, "Not a directory") || Says(said, "Operation not permitted") =>
            Unusable($"{doing}: {LastLines(said)}", inner),
        _ => new(code, $"{doing}: {LastLines(said)}", $"If that does not say enough, pg.log in the data directory may; repair it, {OtherDirectory}.", inner),
    };

    public static EmbeddedPostgresException Unusable(string problem, Exception? inner = null) =>
        new(EmbeddedPostgresProblem.DataDirectoryUnusable, Sentence(problem), $"Make it readable and writable for the user Channels runs as, {OtherDirectory}.", inner);

    public static EmbeddedPostgresException DiskFull(string doing, string said, Exception? inner = null) =>
        new(EmbeddedPostgresProblem.DiskFull, Sentence($"{doing}: {LastLines(said)}"), $"Free some space on that disk, {OtherDirectory}.", inner);

    private static bool Says(string said, string words) => said.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";

    private static string LastLines(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "it said nothing." : Sentence(string.Join(" | ", lines.TakeLast(6)));
    }
}
