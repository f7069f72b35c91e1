using Xunit.Abstractions;

namespace Channels.Architecture.Tests;

/// <summary>A file is one thought, and the in-process runtime stays small enough to be read in an afternoon.</summary>
public sealed class SizeTests(ITestOutputHelper output)
{
    private const int LongestFile = 400;

    /// <summary>What the runtime was meant to stay under, counting lines that are neither blank nor comment.</summary>
    private const int RuntimeGoal = 2_000;

    /// <summary>What it has: more than the goal. This number may only go down; at the goal it goes away.</summary>
    private const int RuntimeNow = 2_596;

    [Fact]
    public void No_source_file_is_longer_than_400_lines() => House.None(
        House.Sources("src").Select(file => (File: file, Lines: File.ReadLines(file).Count())).Where(found => found.Lines > LongestFile)
            .Select(found => $"{House.Shown(found.File)} has {found.Lines} lines: look for the second type hiding in it."));

    [Fact]
    public void The_in_process_runtime_does_not_grow()
    {
        var lines = House.Sources("src", "Orleans.InProcess").SelectMany(File.ReadLines).ToList();
        var code = lines.Count(line => line.Trim() is { Length: > 0 } said && !said.StartsWith("//", StringComparison.Ordinal));

        output.WriteLine($"src/Orleans.InProcess: {code} lines of code, {lines.Count} with blank lines and comments; goal {RuntimeGoal}.");
        Assert.True(code <= Math.Max(RuntimeGoal, RuntimeNow), $"src/Orleans.InProcess has {code} lines of code ({lines.Count} in all), {RuntimeNow} at most: it mirrors only what grain code names.");
    }
}
