using System.Reflection;

namespace Channels.Architecture.Tests;

/// <summary>Where the house stands: its folders, its sources, its assemblies.</summary>
internal static class House
{
    /// <summary>The folder of <c>Channels.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file below a folder of the house.</summary>
    public static IEnumerable<string> Sources(params string[] folder) =>
        Directory.EnumerateFiles(At(folder), "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    /// <summary>A place in the house.</summary>
    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    /// <summary>A place as people write it.</summary>
    public static string Shown(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>One of our assemblies, by its project's name.</summary>
    public static Assembly AssemblyOf(string project) => Assembly.Load($"Channels.{project}");

    /// <summary>Fails with every complaint in a line of its own.</summary>
    public static void None(IEnumerable<string> complaints)
    {
        var all = complaints.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }

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
}
