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

    /// <summary>The process with this id if it is called <paramref name="name"/> and works in <paramref name="directory"/>, as far as we may look.</summary>
    public static LinuxProcess? FindWorkingIn(string directory, string name, int id) =>
        WorkingDirectoryOf(id) == directory && NameOf(id) == name ? Find(id) : null;

    /// <summary>Every such process. Reads all of /proc: not for loops that wait for one.</summary>
    public static IEnumerable<LinuxProcess> AllWorkingIn(string directory, string name) =>
        from entry in Directory.EnumerateDirectories("/proc")
        let id = int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0
        where id > 0
        let process = FindWorkingIn(directory, name, id)
        where process is not null
        select process;

    /// <summary>Sends a signal; that the process ended in the meantime is no error.</summary>
    public void Signal(int signal)
    {
        if (IsAlive)
        {
            _ = Kill(Id, signal);
        }
    }

    private static string? WorkingDirectoryOf(int id)
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

    private static string? NameOf(int id)
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
