using System.Text;

namespace Channels.Running;

/// <summary>Everything the product wrote to its console, over all its lives.</summary>
internal sealed class ProductLog
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

    // For looking into a failure: the whole log as a file.
    private readonly StreamWriter? _copy = Environment.GetEnvironmentVariable("CHANNELS_LOGS_DIR") is { Length: > 0 } folder
        ? new StreamWriter(Path.Combine(folder, $"product-{Environment.ProcessId}-{Interlocked.Increment(ref _logs)}.log")) { AutoFlush = true }
        : null;

    private static int _logs;

    public void Add(string? line)
    {
        if (line is not null)
        {
            lock (_gate)
            {
                _lines.Add(line);
                _copy?.WriteLine(line);
            }
        }
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The end of it, for a failure's message.</summary>
    public string Tail(int lines = 30) => new StringBuilder().AppendJoin('\n', Lines.TakeLast(lines)).ToString();

    /// <summary>Fails when any of these stands in a line. Names the line's number and the word's place in the list, not the word: the report is a log as well.</summary>
    public void AssertAbsent(IReadOnlyList<string> words)
    {
        foreach (var (number, line) in Lines.Index())
        {
            foreach (var (place, word) in words.Index())
            {
                if (word.Length > 0 && line.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    Assert.Fail($"Word {place} stands in line {number} of the product's log, which begins with: {line[..Math.Min(60, line.IndexOf(word, StringComparison.OrdinalIgnoreCase))]}");
                }
            }
        }
    }
}
