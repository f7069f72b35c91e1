using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Channels.Architecture.Tests;

/// <summary>A setting with a range is documented with it, and told by its name when it is outside.</summary>
public sealed partial class SettingDocumentTests
{
    [Theory]
    [InlineData("Grains", "Channels.Grains.Session.SessionOptions", "Sessions")]
    [InlineData("Grains", "Channels.Grains.Intake.IntakeOptions", "Intake")]
    [InlineData("Storage", "Channels.Storage.Maintenance.RetentionOptions", "Retention")]
    public void Every_setting_is_documented_with_its_default_and_range_and_names_itself(string project, string type, string section)
    {
        var document = File.ReadAllLines(House.At("docs", "settings.md"));
        var options = House.AssemblyOf(project).GetType(type, throwOnError: true)!;
        var usual = Activator.CreateInstance(options);
        var settings = options.GetProperties().Where(property => property.CanWrite).ToList();

        var complaints = new List<string>();
        foreach (var setting in settings)
        {
            var name = $"Channels__{section}__{setting.Name}";
            var range = setting.GetCustomAttribute<RangeAttribute>();
            var row = $"| `{name}` | {(setting.GetValue(usual) is { } value ? $"`{Text(value)}`" : "none")} | `{Text(range?.Minimum)}`, `{Text(range?.Maximum)}` | ";
            if (range?.ErrorMessage?.StartsWith($"{name} must be {Text(range.Minimum)} to {Text(range.Maximum)}", StringComparison.Ordinal) != true)
            {
                complaints.Add($"{name}: its range has no message that begins with its name.");
            }

            if (!document.Any(line => line.StartsWith(row, StringComparison.Ordinal)))
            {
                complaints.Add($"docs/settings.md has no row that begins with: {row}");
            }
        }

        Assert.Equal(settings.Count, document.Count(line => line.StartsWith($"| `Channels__{section}__", StringComparison.Ordinal)));
        House.None(complaints);
    }

    [Fact]
    public void What_compose_hands_on_is_named_where_the_cluster_is_started()
    {
        var handed = Handed().Matches(File.ReadAllText(House.At("docker-compose.yml"))).Select(match => match.Groups["name"].Value).Distinct().ToList();
        var chapter = File.ReadAllText(House.At("README.md")).Split("### The cluster")[1].Split("\n## ")[0];

        Assert.True(handed.Count >= 5, $"Only {handed.Count} names found.");
        Assert.Contains("x-environment", chapter, StringComparison.Ordinal);
        Assert.All(handed, name => Assert.Contains(name, chapter, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\$\{(?<name>CHANNELS_\w+)")]
    private static partial Regex Handed();

    private static string? Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture);
}
