using System.Globalization;
using System.Text.RegularExpressions;

namespace Channels.Architecture.Tests;

/// <summary>Migrations are numbered, say why, and give every table an owner as its first column.</summary>
public sealed partial class MigrationTests
{
    /// <summary>Tables without an owner, and why.</summary>
    private static readonly Dictionary<string, string> Ownerless = new()
    {
        ["tenant"] = "is the owner",
        ["unrouted_webhook"] = "the operator's: what belongs to no channel, and so to no tenant",
        ["unrouted_dropped"] = "the operator's: what went of that, counted",
        ["housekeeping"] = "the installation's: one row, what time it was",
        ["inbox_journal"] = "the installation's: one row, how far its journal is moved",
        ["orleansquery"] = "Orleans' own: its statements",
        ["cluster_version"] = "Orleans' own: membership",
        ["cluster_member"] = "Orleans' own: membership",
        ["grain_state"] = "Orleans' own: state by grain id",
        ["reminder"] = "Orleans' own: reminders by grain id",
    };

    private static readonly string[] Files = [.. Directory.GetFiles(House.At("src", "Storage", "Migrations"), "*.sql").Order(StringComparer.Ordinal)];

    [Fact]
    public void They_are_numbered_without_gaps()
    {
        var numbers = Files.Select(file => Path.GetFileName(file)[..4]);

        Assert.NotEmpty(Files);
        Assert.Equal(Enumerable.Range(1, Files.Length).Select(number => number.ToString("0000", CultureInfo.InvariantCulture)), numbers);
    }

    [Fact]
    public void Each_opens_with_its_name_and_why() => House.None(
        Files.Where(file => !(File.ReadLines(file).First() is var first && first.StartsWith($"-- {Path.GetFileName(file)}: ", StringComparison.Ordinal) && first.Length > Path.GetFileName(file).Length + 25))
            .Select(file => $"{House.Shown(file)}: the first line must be '-- {Path.GetFileName(file)}: <why>'."));

    [Fact]
    public void Every_table_begins_with_its_owner()
    {
        // The latest definition counts.
        var tables = Files.SelectMany(file => TableStart().Matches(File.ReadAllText(file)))
            .GroupBy(made => made.Groups["table"].Value, made => made.Groups["column"].Value).ToDictionary(made => made.Key, made => made.Last());

        House.None(tables.Where(table => !Ownerless.ContainsKey(table.Key) && table.Value is not ("tenant_id" or "account_id"))
            .Select(table => $"{table.Key}: its first column is {table.Value}, not tenant_id or account_id."));
        House.None(Ownerless.Keys.Except(tables.Keys).Select(table => $"{table}: there is no such table any more; its exception can go."));
        Assert.True(tables.Count > 20, $"Only {tables.Count} tables found: is this reading the migrations rightly?");
    }

    [GeneratedRegex(@"create table (if not exists )?(?<table>\w+)\s*\(\s*(?<column>\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex TableStart();
}
