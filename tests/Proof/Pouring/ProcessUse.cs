using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Channels.Proof.Pouring;

/// <summary>What a process uses, as the system says.</summary>
internal static class ProcessUse
{
    private const double TicksPerSecond = 100;

    /// <summary>Resident megabytes.</summary>
    public static double Resident(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Processor seconds so far; with those of its children, also of those that are gone, if asked for.</summary>
    public static double Cpu(int process, bool children = false)
    {
        var total = Read(process) is { } own ? own.Cpu + (children ? own.GoneChildren : 0) : 0;
        return !children ? total : total + Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .Where(stat => stat?.Parent == process).Sum(stat => stat!.Cpu);
    }

    private static Stat? Read(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Stat(int.Parse(fields[1], CultureInfo.InvariantCulture), Seconds(11) + Seconds(12), Seconds(13) + Seconds(14));

            double Seconds(int at) => double.Parse(fields[at], CultureInfo.InvariantCulture) / TicksPerSecond;
        }
        catch (IOException)
        {
            // Gone while we looked.
            return null;
        }
    }

    private sealed record Stat(int Parent, double Cpu, double GoneChildren);
}

/// <summary>How much memory a process had, looked at four times a second.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<(long At, double Resident)> _seen = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>Megabytes.</summary>
    public double Most => _seen.Max(one => one.Resident);

    public static MemoryWatch Begin(int process)
    {
        var watch = new MemoryWatch();
        watch._watching = watch.LookAsync(process);
        return watch;
    }

    /// <summary>The median of what was seen since a moment: what a collection has not got to yet comes and goes.</summary>
    /// <param name="timestamp">The moment, as <see cref="Stopwatch"/> counts.</param>
    public double MiddleSince(long timestamp) => _seen.Where(one => one.At >= timestamp).Select(one => one.Resident).Order().ToList() is { Count: > 0 } seen ? seen[seen.Count / 2] : double.NaN;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    private async Task LookAsync(int process)
    {
        while (!_ending.IsCancellationRequested)
        {
            _seen.Enqueue((Stopwatch.GetTimestamp(), ProcessUse.Resident(process)));
            await Task.Delay(Every, _ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }
}
