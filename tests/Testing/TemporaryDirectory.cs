using System.Globalization;
using Channels.Storage.Embedded;

namespace Channels.Testing;

/// <summary>A new directory that other users may pass through (as root, the server runs as another one), removed when disposed.</summary>
/// <remarks>A test process may be killed before it could: its runner waits a tenth of a second for its end. The next one removes what it left.</remarks>
public sealed class TemporaryDirectory : IDisposable
{
    private const string Prefix = "channels-test-";

    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    static TemporaryDirectory() => RemoveOrphans();

    private TemporaryDirectory(string path) => Path = path;

    public string Path { get; }

    public static TemporaryDirectory Create()
    {
        var directory = Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, Passable);
        }

        return new(directory);
    }

    public string Combine(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public void Dispose()
    {
        for (var attempts = 3; attempts > 0 && Directory.Exists(Path) && !TryRemove(Path); attempts--)
        {
            // A server on its way out still writes into it.
        }
    }

    /// <summary>What processes left that are gone, unless a server still lives in it: its supervisor ends it within seconds.</summary>
    private static void RemoveOrphans()
    {
        foreach (var directory in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            var owner = System.IO.Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, CultureInfo.InvariantCulture, out var process) && LinuxProcess.Find(process) is null && !File.Exists(System.IO.Path.Combine(directory, "pg", "postmaster.pid")))
            {
                TryRemove(directory);
            }
        }
    }

    private static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (Exception busyOrNotOurs) when (busyOrNotOurs is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
