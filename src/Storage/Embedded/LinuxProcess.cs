using System.Globalization;
using System.Runtime.InteropServices;

namespace Channels.Storage.Embedded;

/// <summary>A process, told apart from a later one that was given the same number.</summary>
/// <param name="Id">The process id.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: /proc/PID/stat, field 22.</param>
internal sealed record LinuxProcess(int Id, long StartTicks)
{
    public static LinuxProcess Current { get; } = Find(Environment.ProcessId)
        ?? throw new PlatformNotSupportedException("There is no /proc.");

    public bool IsAlive => Find(Id) == this;

    /// <summary>The process with this id, unless it ended (a zombie has).</summary>
    public static LinuxProcess? Find(int id)
    {
        try
        {
            // The second field is the program's name in brackets, and may itself hold blanks and brackets.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : new(id, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Of every process.</summary>
    public static IEnumerable<int> AllIds() =>
        from entry in Directory.EnumerateDirectories("/proc")
        let id = int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0
        where id > 0
        select id;

    /// <summary>Null when it ended, and when we may not look.</summary>
    public static string? WorkingDirectoryOf(int id)
    {
        try
        {
            return new FileInfo($"/proc/{id}/cwd").LinkTarget;
        }
        catch (Exception notOurs) when (notOurs is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name of its program; null when it ended.</summary>
    public static string? NameOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").TrimEnd('\n');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Sends a signal; that the process ended in the meantime is no error.</summary>
    public void Signal(int signal)
    {
        if (IsAlive)
        {
            _ = Kill(Id, signal);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}

/// <summary>What a postmaster understands by the signals we send.</summary>
internal static class PostmasterSignal
{
    /// <summary>SIGINT: end every connection, write a checkpoint, stop.</summary>
    public const int FastStop = 2;

    /// <summary>SIGQUIT: stop now; the next start recovers from the WAL.</summary>
    public const int ImmediateStop = 3;
}
