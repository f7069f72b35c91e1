namespace Channels.Bench.Sides;

/// <summary>Where the programs of this build are: beside us, in the same configuration and for the same runtime.</summary>
internal static class Builds
{
    /// <summary>No change to the environment.</summary>
    public static IReadOnlyDictionary<string, string> Plain { get; } = new Dictionary<string, string>();

    /// <summary><c>release</c> or <c>debug</c>.</summary>
    public static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Name;

    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    public static string Program(string project, string assembly)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, assembly);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built; build bench/Bench first.");
    }

    private static string FindRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Channels.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? AppContext.BaseDirectory;
    }
}
