using System.Diagnostics;
using System.Text;
using Channels.Proof.Ledgers;

namespace Channels.Proof;

/// <summary>Runs scenarios and tells about them: lines while they run, a table at the end.</summary>
internal sealed class Report(int seed)
{
    private readonly StringBuilder _table = new();
    private bool _holds = true;

    public void Begin() => Console.WriteLine($"Channels.Proof, seed {seed}, commit {Conditions.Commit()}, {Conditions.Processor()}");

    public async Task AddAsync(Scenario scenario, Course course)
    {
        Console.WriteLine($"{scenario.Name}: {scenario.Promise}");
        var started = Stopwatch.GetTimestamp();
        var before = Conditions.LoadAverage();
        try
        {
            Add(scenario, await scenario.RunAsync(course), Stopwatch.GetElapsedTime(started));
            Console.WriteLine($"  load average of the machine: {before} before, {Conditions.LoadAverage()} after");
        }
        catch (Exception failure)
        {
            // Whatever it is: the others are still to be run, and this one did not show what it was to show.
            _holds = false;
            Console.WriteLine($"  BROKEN after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s: {failure}");
            _table.AppendLine($"| {scenario.Name} | did not end: {failure.GetType().Name} | | | | |");
        }
    }

    /// <summary>The table; whether every promise was kept.</summary>
    public bool End()
    {
        Console.WriteLine();
        Console.WriteLine("| Scenario | Conditions | Lost | Doubled, unmarked | Doubled, marked | Out of order |");
        Console.WriteLine("|---|---|---|---|---|---|");
        Console.Write(_table);
        Console.WriteLine(_holds ? $"\nEvery promise was kept (seed {seed})." : $"\nA promise was broken (seed {seed}).");
        return _holds;
    }

    private void Add(Scenario scenario, Verdict verdict, TimeSpan took)
    {
        foreach (var line in Lines(verdict))
        {
            Console.WriteLine($"  {line}");
        }

        _holds &= verdict.Holds;
        var total = verdict.Total;
        var open = total.Open.Count == 0 ? "" : $"; {total.Open.Count} left open as unknown";
        Console.WriteLine($"  {(verdict.Holds ? "kept" : "BROKEN")} in {took.TotalSeconds:0} s; {verdict.Sizes}; {verdict.Store}");
        _table.AppendLine(
            $"| {scenario.Name} | {verdict.Sizes}; {total.Acknowledged:#,0} acknowledged{open}; {verdict.Store}; {took.TotalSeconds:0} s | {total.Lost.Count} | {total.DoubledUnmarked.Count} | {total.DoubledMarked.Count} | {total.OutOfOrder.Count} |");
    }

    /// <summary>What there is to say about a verdict, one thing a line.</summary>
    public static IEnumerable<string> Lines(Verdict verdict) => [.. verdict.Tallies.Select(tally => tally.ToString()), .. verdict.Complaints.Select(complaint => $"complaint: {complaint}")];
}
