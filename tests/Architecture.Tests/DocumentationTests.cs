using System.Text.RegularExpressions;

namespace Channels.Architecture.Tests;

/// <summary>Public types of the two assemblies everybody builds on open with their promise.</summary>
public sealed partial class DocumentationTests
{
    [Theory]
    [InlineData("Core")]
    [InlineData("Grains.Abstractions")]
    public void Every_public_type_says_what_it_promises(string project)
    {
        var complaints = new List<string>();
        var found = 0;
        foreach (var file in House.Sources("src", project))
        {
            var lines = File.ReadAllLines(file);
            for (var at = 0; at < lines.Length; at++)
            {
                if (PublicType().Match(lines[at]) is { Success: true } declared)
                {
                    found++;
                    if (!IsDocumented(lines, at))
                    {
                        complaints.Add($"{House.Shown(file)}:{at + 1}: {declared.Groups["name"].Value} has no <summary>.");
                    }
                }
            }
        }

        Assert.True(found > 5, $"Only {found} public types found in {project}.");
        House.None(complaints);
    }

    // Upwards from the declaration over its attributes to the doc comment.
    private static bool IsDocumented(string[] lines, int declaration)
    {
        for (var at = declaration - 1; at >= 0; at--)
        {
            var line = lines[at].Trim();
            if (line.StartsWith("///", StringComparison.Ordinal))
            {
                return true;
            }

            if (!line.StartsWith('[') && !line.EndsWith(']'))
            {
                return false;
            }
        }

        return false;
    }

    [GeneratedRegex(@"^\s*(\[.*\]\s*)?public\s+((static|sealed|abstract|readonly|partial|ref)\s+)*(class|struct|interface|enum|delegate\s+\S+|record(\s+(struct|class))?)\s+(?<name>\w+)")]
    private static partial Regex PublicType();
}
