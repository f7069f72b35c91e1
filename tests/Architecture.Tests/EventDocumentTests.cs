using System.Text.RegularExpressions;

namespace Channels.Architecture.Tests;

/// <summary>Programs are told of every event that is ever written.</summary>
public sealed partial class EventDocumentTests
{
    [Fact]
    public void Every_type_of_event_is_documented_and_none_that_there_is_not()
    {
        var written = Written().Order(StringComparer.Ordinal).ToList();

        Assert.True(written.Count > 10, $"Only {written.Count} types of events found.");
        Assert.Equal(written, Documented().Order(StringComparer.Ordinal));
        var described = File.ReadAllText(House.At("src", "Api", "Events", "EventEndpoints.cs"));
        Assert.All(written, type => Assert.Matches($@"\b{Regex.Escape(type)}\b", described));
    }

    // What an insert names, and what the statement of a file's end is given.
    private static IEnumerable<string> Written() => House.Sources("src", "Storage").Select(File.ReadAllText)
        .SelectMany(source => Insert().Matches(source).SelectMany(insert => Word().Matches(source.Substring(insert.Index, Math.Min(400, source.Length - insert.Index)).Split(" from ")[0])))
        .Concat(Word().Matches(File.ReadAllText(House.At("src", "Storage", "Media", "PostgresMediaFetches.cs"))))
        .Select(match => match.Groups["type"].Value).Distinct();

    private static IEnumerable<string> Documented() => File.ReadLines(House.At("docs", "events.md")).Select(line => Row().Match(line)).Where(row => row.Success).Select(row => row.Groups["type"].Value);

    [GeneratedRegex(@"insert into event \(")]
    private static partial Regex Insert();

    [GeneratedRegex(@"['""](?<type>(message|delivery|conversation|channel)\.[a-z_.]+)['""]")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\| `(?<type>[a-z_.]+\.[a-z_.]+)` \|")]
    private static partial Regex Row();
}
