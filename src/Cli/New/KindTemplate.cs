using System.Security;

namespace Channels.Cli.New;

/// <summary>The files of a new kind, from the templates inside this assembly.</summary>
/// <remarks>Their names end in <c>.txt</c>, so that nobody compiles them here; <c>_Name_</c> in names and <c>__Name__</c> in texts stand for the kind's.</remarks>
internal static class KindTemplate
{
    private const string Root = "templates/";

    /// <summary>The templates there are.</summary>
    public static IReadOnlyList<string> All { get; } = ["webhook", "polling"];

    /// <summary>Each file's relative path and text.</summary>
    /// <param name="template">One of <see cref="All"/>.</param>
    /// <param name="name">The kind's name.</param>
    /// <param name="home">What it is built against, as its project files say it.</param>
    public static IEnumerable<(string Path, string Text)> Files(string template, KindName name, string home)
    {
        var assembly = typeof(KindTemplate).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Select(resource => (Name: resource, Path: resource.Replace('\\', '/'))).Order())
        {
            var parts = resource.Path.StartsWith(Root, StringComparison.Ordinal) ? resource.Path[Root.Length..].Split('/', 2) : [];
            if (parts is [var group, var file] && (group == "common" || group == template))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource.Name)!);
                yield return (file[..^".txt".Length].Replace("_Name_", name.Pascal, StringComparison.Ordinal), Filled(reader.ReadToEnd(), template, name, home));
            }
        }
    }

    private static string Filled(string text, string template, KindName name, string home) => text
        .Replace("__Name__", name.Pascal, StringComparison.Ordinal)
        .Replace("__id__", name.Id, StringComparison.Ordinal)
        .Replace("__Title__", name.Title, StringComparison.Ordinal)
        .Replace("__transport__", template, StringComparison.Ordinal)
        .Replace("__home__", SecurityElement.Escape(home), StringComparison.Ordinal)
        .Replace("__xunit__", TestPackages.Xunit, StringComparison.Ordinal)
        .Replace("__runner__", TestPackages.Runner, StringComparison.Ordinal)
        .Replace("__testsdk__", TestPackages.Sdk, StringComparison.Ordinal);
}

/// <summary>The versions a new kind's tests are run with: the contract's own, from <c>Directory.Packages.props</c>.</summary>
internal static class TestPackages
{
    public const string Xunit = "2.9.3";
    public const string Runner = "3.1.5";
    public const string Sdk = "18.0.1";
}
