using Channels.Core.Ids;
using Channels.Core.Media;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Media;

/// <summary>Whether the directory for files takes any: as the last file showed, and as the directory shows to who asks while none comes. Says it in the log, when it begins, while it lasts, and when it is over.</summary>
internal sealed partial class MediaCondition(string directory, IdSource ids, TimeProvider clock, ILogger logger)
{
    /// <summary>Bytes that must be free: two of the largest files, or a sixteenth of a small volume.</summary>
    internal const long LeastFree = 64L << 20;

    /// <summary>How long what a look showed stands. Whoever is asked by the world must not write to the disk as often as it likes.</summary>
    internal static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>A file that found no room counts for so long, whatever a small one would find.</summary>
    internal static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    /// <summary>While it lasts it is said again after this.</summary>
    private static readonly TimeSpan SaidAgain = TimeSpan.FromMinutes(10);

    // ENOSPC and EDQUOT as Linux numbers them, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL of Windows.
    private static readonly int[] _full = [28, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    private readonly Lock _gate = new();
    private MediaTrouble? _trouble;
    private long? _lookedAt;
    private long? _failedAt;
    private long? _saidAt;
    private bool _looks;
    private bool _ofLook;

    /// <summary>A file was kept.</summary>
    public void Succeeded()
    {
        // Nearly always. That a small file found its place does not make room for the large ones.
        if (Volatile.Read(ref _trouble) is not null && !Volatile.Read(ref _ofLook))
        {
            Settle(null, ofFile: true);
        }
    }

    /// <summary>A file could not be kept. The answer says why.</summary>
    public MediaTrouble Failed(Exception failure) => Settle(failure, ofFile: true)!;

    /// <summary>What is wrong now; null when nothing is. Looks into the directory when nobody has lately.</summary>
    public MediaTrouble? Look()
    {
        lock (_gate)
        {
            // One at a time: a volume that hangs takes one thread, not everybody's.
            if (_looks || IsWithin(_lookedAt, Fresh) || IsWithin(_failedAt, Remembered))
            {
                return _trouble;
            }

            _looks = true;
        }

        try
        {
            Try();
            return Settle(null, ofFile: false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Settle(failure, ofFile: false);
        }
        finally
        {
            lock (_gate)
            {
                _looks = false;
            }
        }
    }

    private void Try()
    {
        Directory.CreateDirectory(directory);
        var trial = Path.Combine(directory, $".trial-{ids.Next():N}");
        try
        {
            File.WriteAllBytes(trial, new byte[4096]);
        }
        finally
        {
            File.Delete(trial);
        }

        var volume = new DriveInfo(Path.GetFullPath(directory));
        if (volume.AvailableFreeSpace is var free && free < Math.Min(LeastFree, volume.TotalSize / 16))
        {
            throw new IOException($"{free >> 20} MB are free.", _full[0]);
        }
    }

    private MediaTrouble? Settle(Exception? failure, bool ofFile)
    {
        lock (_gate)
        {
            var (before, now) = (_trouble, clock.GetTimestamp());
            _lookedAt = now;
            _ofLook = failure is not null && !ofFile;
            if (failure is not null)
            {
                var isFull = _full.Contains(failure.HResult);
                _failedAt = ofFile ? now : _failedAt;
                _trouble = new MediaTrouble(
                    isFull ? "Files cannot be kept: the volume of the media directory is full." : "Files cannot be kept: the media directory cannot be written.",
                    before?.Since ?? clock.GetUtcNow(),
                    isFull
                        ? "The operator: make room on the volume that holds the directory media in the data directory; what waits goes on by itself."
                        : "The operator: give the product's user a directory media in the data directory that it can write; the log names it and says what is wrong. What waits goes on by itself.");
                if (!IsWithin(_saidAt, SaidAgain))
                {
                    _saidAt = now;
                    Log.CannotKeep(logger, Path.GetFullPath(directory), failure.GetType().Name, failure.Message, _trouble.Since);
                }
            }
            else
            {
                // Not when it was last said: on a volume that is nearly full it comes and goes.
                (_trouble, _failedAt) = (null, null);
                if (before is not null)
                {
                    Log.KeepsAgain(logger, Path.GetFullPath(directory), before.Since);
                }
            }

            return _trouble;
        }
    }

    private bool IsWithin(long? moment, TimeSpan span) => moment is { } at && clock.GetElapsedTime(at) < span;

    private static partial class Log
    {
        [LoggerMessage(
            2401, LogLevel.Error,
            "Files cannot be kept in {Directory} since {Since:u} ({Failure}: {Message}). Make room there, or let this user write there: until then webhooks that bring a file wait with all behind them, files of providers are not fetched, and uploads are refused")]
        public static partial void CannotKeep(ILogger logger, string directory, string failure, string message, DateTimeOffset since);

        [LoggerMessage(2402, LogLevel.Information, "Files can be kept in {Directory} again; they could not since {Since:u}")]
        public static partial void KeepsAgain(ILogger logger, string directory, DateTimeOffset since);
    }
}
