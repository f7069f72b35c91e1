using System.Globalization;
using System.Runtime.Versioning;
using System.Text;

namespace Channels.Storage.Embedded;

/// <summary>Whoever holds <c>data/host.lock</c> decides over the server. One host at a time.</summary>
/// <remarks>
/// The lock is the kernel's (flock): it ends with its process, however that ends, so it is never stale. The text in the file says who has it.
/// The supervisor of a vanished host takes the same lock for the moment in which it stops the server; a host that starts just then waits.
/// The file is never deleted: two hosts could otherwise hold locks on two files of the same name.
/// </remarks>
internal sealed class DataDirectoryLock : IDisposable
{
    /// <summary>EWOULDBLOCK: what flock says when somebody else has it. Any other error is the directory's.</summary>
    private const int WouldBlock = 11;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "host.lock");

    [UnsupportedOSPlatform("windows")]
    public static async Task<DataDirectoryLock> TakeAsync(string dataDirectory, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var path = PathIn(dataDirectory);
        var started = clock.GetTimestamp();
        while (true)
        {
            if (TryOpen(path) is { } file)
            {
                await SignAsync(file, path, cancellationToken);
                return new(file);
            }

            if (await HolderOfAsync(path, cancellationToken) is { IsAlive: true } holder)
            {
                throw InUse(dataDirectory, $"Channels process {holder.Id}");
            }

            if (clock.GetElapsedTime(started) > patience)
            {
                throw InUse(dataDirectory, "another process");
            }

            await Task.Delay(BetweenAttempts, clock, cancellationToken);
        }
    }

    /// <summary>What the file says while <paramref name="host"/> has it. The supervisor compares with this.</summary>
    public static string OwnerLine(LinuxProcess host) => string.Create(CultureInfo.InvariantCulture, $"{host.Id} {host.StartTicks}\n");

    public void Dispose() => _file.Dispose();

    [UnsupportedOSPlatform("windows")]
    private static FileStream? TryOpen(string path)
    {
        try
        {
            // Everyone may read who has it; FileShare.None is what takes the flock.
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            });
            file.SetLength(0);
            return file;
        }
        catch (UnauthorizedAccessException refused)
        {
            throw Trouble.Unusable(refused.Message, refused);
        }
        catch (IOException busy) when (busy.HResult == WouldBlock)
        {
            return null;
        }
        catch (IOException failed)
        {
            throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"Cannot lock {path}", failed.Message, failed);
        }
    }

    private static async Task SignAsync(FileStream file, string path, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(Encoding.ASCII.GetBytes(OwnerLine(LinuxProcess.Current)), cancellationToken);
            await file.FlushAsync(cancellationToken);
        }
        catch (IOException failed)
        {
            await file.DisposeAsync();
            throw Trouble.From(EmbeddedPostgresProblem.DataDirectoryUnusable, $"Cannot write {path}", failed.Message, failed);
        }
    }

    private static async Task<LinuxProcess?> HolderOfAsync(string path, CancellationToken cancellationToken)
    {
        // Not with a FileStream: to read, it would want a shared flock, which is just what the holder denies.
        var line = await ShellCommand.RunAsync(["cat", "--", path], cancellationToken);
        return line.Output.TrimEnd('\n').Split(' ') is [var id, var ticks]
            && int.TryParse(id, CultureInfo.InvariantCulture, out var processId)
            && long.TryParse(ticks, CultureInfo.InvariantCulture, out var startTicks)
            ? new(processId, startTicks)
            : null;
    }

    private static EmbeddedPostgresException InUse(string dataDirectory, string holder) =>
        new(
            EmbeddedPostgresProblem.DataDirectoryInUse,
            $"{dataDirectory} is in use by {holder}.",
            "Stop that one, or give this one a directory of its own with Channels__DataDirectory.");
}
