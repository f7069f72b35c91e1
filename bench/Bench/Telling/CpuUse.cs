using System.Globalization;
using Channels.Bench.Sides;

namespace Channels.Bench.Telling;

/// <summary>Processor time that a side has used so far. Unlike a rate it hardly changes when the machine is busy with something else.</summary>
internal static class CpuUse
{
    private const double TicksPerSecond = 100;

    /// <summary>This process: the load generator.</summary>
    public static double Own => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>A process we started.</summary>
    public static double Of(OwnProcess process) => Read(process.Id) is { } stat ? stat.Seconds : 0;

    /// <summary>A Postgres server: its first process, everything that it started and everything that it started and that is gone.</summary>
    public static double OfServer(int postmaster) => OfServerByKind(postmaster).All;

    /// <summary>The same, and of that the process that writes checkpoints.</summary>
    public static (double Checkpoints, double All) OfServerByKind(int postmaster)
    {
        var total = Read(postmaster) is { } first ? first.Seconds + first.SecondsOfGoneChildren : 0;
        var checkpoints = 0.0;
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Read(id) is { } stat && stat.Parent == postmaster)
            {
                total += stat.Seconds;
                checkpoints += Title(id).Contains("checkpointer", StringComparison.Ordinal) ? stat.Seconds : 0;
            }
        }

        return (checkpoints, total);
    }

    // "postgres: channels: checkpointer": the cluster, and what the process does.
    private static string Title(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static Stat? Read(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Stat(
                int.Parse(fields[1], CultureInfo.InvariantCulture), Seconds(fields, 11) + Seconds(fields, 12), Seconds(fields, 13) + Seconds(fields, 14));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double Seconds(string[] fields, int index) => double.Parse(fields[index], CultureInfo.InvariantCulture) / TicksPerSecond;

    private sealed record Stat(int Parent, double Seconds, double SecondsOfGoneChildren);
}
