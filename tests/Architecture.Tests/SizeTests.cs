using Xunit.Abstractions;

namespace Channels.Architecture.Tests;

/// <summary>A file is one thought, and the in-process runtime stays small enough to be read in an afternoon.</summary>
public sealed class SizeTests(ITestOutputHelper output)
{
    private const int LongestFile = 400;

    /// <summary>Lines of the runtime that are neither blank nor comment. Under 2,000 is the promise; this number is what it has, and may only go down.</summary>
    private const int LargestRuntime = 1_992;

    [Fact]
    public void No_source_file_is_longer_than_400_lines() => House.None(
        House.Sources("src").Select(file => (File: file, Lines: File.ReadLines(file).Count())).Where(found => found.Lines > LongestFile)
            .Select(found => $"{House.Shown(found.File)} has {found.Lines} lines: look for the second type hiding in it."));

    [Fact]
    public void The_in_process_runtime_does_not_grow()
    {
        var lines = House.Sources("src", "Orleans.InProcess").SelectMany(File.ReadLines).ToList();
        var code = lines.Count(line => line.Trim() is { Length: > 0 } said && !said.StartsWith("//", StringComparison.Ordinal));

        output.WriteLine($"src/Orleans.InProcess: {code} lines of code, {lines.Count} with blank lines and comments.");
        Assert.True(code <= LargestRuntime, $"src/Orleans.InProcess has {code} lines of code ({lines.Count} in all), {LargestRuntime} at most: it mirrors only what grain code names.");
    }
}
