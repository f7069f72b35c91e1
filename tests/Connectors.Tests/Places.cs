namespace Channels.Connectors.Tests;

/// <summary>Where tests find files that are no part of the build: our samples, and fixtures shared between several projects.</summary>
internal static class Places
{
    private const string SharedVariable = "CHANNELS_SHARED_DIR";

    /// <summary>The folder of <c>Channels.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The shared folder beside the project, or where <c>CHANNELS_SHARED_DIR</c> says; null when there is none.</summary>
    public static string? Shared { get; } = FindShared();

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Channels.sln")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException($"No Channels.sln above {AppContext.BaseDirectory}.");
    }

    private static string? FindShared()
    {
        var shared = Environment.GetEnvironmentVariable(SharedVariable) is { Length: > 0 } named ? named : Path.Combine(Root, "..", "shared");
        return Directory.Exists(Path.Combine(shared, "fixtures")) ? Path.GetFullPath(shared) : null;
    }
}
