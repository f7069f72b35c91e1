using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Journal;

/// <summary>The files of the journal that are not in use: makes them ahead of need, takes back what was moved, and keeps the journal within its bounds.</summary>
internal sealed partial class JournalFiles : IAsyncDisposable
{
    private const string Pattern = "*.journal";
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Bytes of the disk that are left to the database, which cannot do without.</summary>
    private const long LeftFree = 1L << 30;

    /// <summary>After a file could not be made.</summary>
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(5);

    private readonly Channel<JournalSegment> _ready = Channel.CreateUnbounded<JournalSegment>();
    private readonly Lock _gate = new();
    private readonly int _most;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private Task _making = Task.CompletedTask;
    private long? _failed;
    private int _existing;
    private int _named;
    private bool _isClosed;

    /// <summary>Makes the directory if it is not there.</summary>
    /// <param name="directory">Nobody else's.</param>
    /// <param name="megabytes">Most in all; room for two files at least.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">For what an operator should know.</param>
    public JournalFiles(string directory, int megabytes, TimeProvider clock, ILogger logger)
    {
        Directory = directory;
        _most = (int)Math.Max(2, ((long)megabytes << 20) / JournalSegment.Size);
        _clock = clock;
        _logger = logger;
        if (OperatingSystem.IsWindows())
        {
            System.IO.Directory.CreateDirectory(directory);
        }
        else
        {
            System.IO.Directory.CreateDirectory(directory, OwnersAlone);
        }

        DiskSync.Directory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
    }

    /// <summary>Where they are.</summary>
    public string Directory { get; }

    /// <summary>How many are ready.</summary>
    public int Ready => _ready.Reader.Count;

    /// <summary>Whether a directory has any.</summary>
    public static bool AreIn(string directory) => System.IO.Directory.Exists(directory) && System.IO.Directory.EnumerateFiles(directory, Pattern).Any();

    /// <summary>Those an earlier process has left in use. What was made and never begun goes; what has no readable head is kept aside.</summary>
    /// <param name="journal">Whose.</param>
    public List<JournalSegment> Open(Guid journal)
    {
        var opened = new List<JournalSegment>();
        foreach (var path in System.IO.Directory.EnumerateFiles(Directory, Pattern).ToList())
        {
            _named = Math.Max(_named, int.TryParse(Path.GetFileNameWithoutExtension(path), out var name) ? name : 0);
            var (segment, owner) = JournalSegment.Open(path);
            if (owner == journal)
            {
                _existing++;
                opened.Add(segment);
            }
            else if (owner is not null)
            {
                segment.Dispose();
                Log.Foreign(_logger, path);
            }
            else if (segment.IsBlank())
            {
                segment.Delete();
            }
            else
            {
                segment.SetAside();
                Log.Headless(_logger, segment.Path);
            }
        }

        return opened;
    }

    /// <summary>Sees to it that so many are ready soon, as far as there may be more.</summary>
    public void Prepare(int ahead)
    {
        if (Ready >= ahead || Volatile.Read(ref _existing) >= _most)
        {
            return;
        }

        lock (_gate)
        {
            if (_making.IsCompleted && !_isClosed && (_failed is not { } failed || _clock.GetElapsedTime(failed) >= BetweenAttempts))
            {
                _making = Task.Run(() => Make(ahead));
            }
        }
    }

    /// <summary>One that is ready; null when none is.</summary>
    public JournalSegment? TryTake() => _ready.Reader.TryRead(out var ready) ? ready : null;

    /// <summary>Waits until one is ready, which another may take first.</summary>
    /// <param name="patience">How long is waited.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when none became ready.</returns>
    public async Task<bool> WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await _ready.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Nothing in it is needed any more.</summary>
    public void Release(JournalSegment segment)
    {
        if (!segment.IsKept && IsFree())
        {
            _ready.Writer.TryWrite(segment);
            return;
        }

        Interlocked.Decrement(ref _existing);
        Delete(segment);
    }

    /// <summary>Deletes those that are ready.</summary>
    public void Clear()
    {
        while (_ready.Reader.TryRead(out var segment))
        {
            Interlocked.Decrement(ref _existing);
            Delete(segment);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task making;
        lock (_gate)
        {
            (_isClosed, making) = (true, _making);
        }

        await making;
        Clear();
    }

    private void Make(int ahead)
    {
        try
        {
            while (Ready < ahead && Volatile.Read(ref _existing) < _most && HasDisk())
            {
                var made = JournalSegment.Create(Path.Combine(Directory, $"{++_named:D6}.journal"));
                Interlocked.Increment(ref _existing);
                _ready.Writer.TryWrite(made);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Failed(refused.Message);
        }
    }

    private bool HasDisk()
    {
        if (IsFree())
        {
            return true;
        }

        Failed("less than 1 GB of its disk is free");
        return false;
    }

    private bool IsFree()
    {
        try
        {
            return new DriveInfo(Directory).AvailableFreeSpace >= LeftFree;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Or sets it aside, where it must be kept.
    private void Delete(JournalSegment segment)
    {
        try
        {
            if (segment.IsKept)
            {
                segment.SetAside();
            }
            else
            {
                segment.Delete();
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Log.NotDeleted(_logger, segment.Path, refused.Message);
        }
    }

    private void Failed(string why)
    {
        lock (_gate)
        {
            _failed = _clock.GetTimestamp();
        }

        Log.NotMade(_logger, why);
    }

    private static partial class Log
    {
        [LoggerMessage(2311, LogLevel.Warning, "The journal of the inbox cannot grow ({Failure}); in a flood webhooks are acknowledged as slowly as the database takes them")]
        public static partial void NotMade(ILogger logger, string failure);

        [LoggerMessage(2312, LogLevel.Warning, "{File} is not needed any more and can be neither deleted nor renamed ({Failure}). It holds people's words: delete it when the product is stopped")]
        public static partial void NotDeleted(ILogger logger, string file, string failure);

        [LoggerMessage(2313, LogLevel.Error, "{File} belongs to the journal of another database and is left alone: acknowledged webhooks may be in it. Was the database replaced without the journal beside it?")]
        public static partial void Foreign(ILogger logger, string file);

        [LoggerMessage(2314, LogLevel.Critical, "The head of a file of the journal cannot be read: acknowledged webhooks may be in it. It is kept as {File}. Look at the disk")]
        public static partial void Headless(ILogger logger, string file);
    }
}
