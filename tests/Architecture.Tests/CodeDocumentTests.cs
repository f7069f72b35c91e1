using System.Text.RegularExpressions;

namespace Channels.Architecture.Tests;

/// <summary>Whoever reads a word on a channel or a message finds out what it means and what to do.</summary>
public sealed partial class CodeDocumentTests
{
    private static readonly string _common = File.ReadAllText(House.At("docs", "errors.md"));

    [Fact]
    public void Every_word_that_a_connector_gives_is_in_its_readme_or_with_the_common_ones()
    {
        var complaints = new List<string>();
        var found = 0;
        foreach (var file in House.Sources("src", "Connectors").Concat(House.Sources("src", "Grains")).Concat(House.Sources("src", "Core", "Connectors"))
                     .Concat(House.Sources("src", "Agents")).Concat(House.Sources("src", "Storage")))
        {
            var readme = Path.Combine(Path.GetDirectoryName(file)!, "README.md");
            var own = File.Exists(readme) ? File.ReadAllText(readme) : "";
            foreach (var word in Given().Matches(File.ReadAllText(file)).Select(match => match.Groups["word"].Value).Distinct())
            {
                found++;
                if (!IsIn(_common, word) && !IsIn(own, word))
                {
                    complaints.Add($"{House.Shown(file)}: `{word}` stands neither in docs/errors.md nor in the README of its kind.");
                }
            }
        }

        Assert.True(found > 50, $"Only {found} words found.");
        House.None(complaints);
    }

    [Theory]
    [InlineData("src/Grains/Session/SessionWords.cs", 10)]
    [InlineData("src/Core/Channels/NextSteps.cs", 10)]
    public void Every_word_of_all_kinds_is_with_the_common_ones(string file, int least)
    {
        var words = Quoted().Matches(File.ReadAllText(House.At(file.Split('/')))).Select(match => match.Groups["word"].Value).ToList();

        Assert.True(words.Count >= least, $"Only {words.Count} words found in {file}.");
        House.None(words.Where(word => !IsIn(_common, word)).Select(word => $"{file}: `{word}` does not stand in docs/errors.md."));
    }

    [Fact]
    public void Every_ability_of_a_kind_is_listed_for_those_who_write_one()
    {
        var abilities = House.AssemblyOf("Core").GetTypes().Where(type => type.IsInterface && type.GetInterface("IConnector") is not null).Select(type => type.Name).ToList();
        var document = File.ReadAllText(House.At("docs", "external-kinds.md"));

        Assert.True(abilities.Count > 15, $"Only {abilities.Count} abilities found.");
        House.None(abilities.Where(ability => !IsIn(document, ability)).Select(ability => $"docs/external-kinds.md does not list {ability}."));
    }

    private static bool IsIn(string document, string word) => document.Contains($"`{word}`", StringComparison.Ordinal);

    // TryLater has how long before it. A statement writes the whole reason.
    [GeneratedRegex(@"(?:(?:Refused|Blocked|Broken|Outcome\.Failed)\(\s*|TryLater\([^""\n]*)""(?<word>[a-z-]+)""|reason = [^;""]*?'(?<word>[a-z-]+): ")]
    private static partial Regex Given();

    [GeneratedRegex(@"""(?<word>[a-z]+(-[a-z]+)*)""")]
    private static partial Regex Quoted();
}
