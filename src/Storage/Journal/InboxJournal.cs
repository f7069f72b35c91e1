using System.Collections.Immutable;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Microsoft.Extensions.Logging;

namespace Channels.Storage.Journal;

/// <summary>Where webhooks are made durable that come faster than the database takes them: files beside it, written in order. From there they go into the table (<see cref="JournalMover"/>).</summary>
/// <remarks>
/// Message path, beside step 2 of 6 (ADR 0032). For the one process that holds a data directory with the private server in it: a file here is as safe as that.
/// A tenant's webhooks are either all committed to the table or, from one instant on until the last of them is moved, all written here: what is acknowledged later comes into the table later.
/// One writer at a time, one who waits for the disk at a time; whoever comes meanwhile is on the disk with the next wait. What a wait failed for is not known to be there, so nothing more is written.
/// </remarks>
public sealed partial class InboxJournal : IAsyncDisposable
{
    /// <summary>Files that are ready while the journal is in use: at 100 MB a second each lasts for a sixth of a second, and is made in a tenth of that.</summary>
    private const int Ahead = 2;

    /// <summary>Bytes: several batches as they usually are.</summary>
    private const int RoomToBegin = 1 << 20;

    /// <summary>What a full journal is waited for; then the answer is 503.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Guid _id;
    private readonly JournalFiles _files;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SemaphoreSlim _syncing = new(1);
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly Lock _gate = new();
    private readonly bool _isOn;
    private readonly Queue<JournalSegment> _filled = [];
    private readonly List<JournalSegment> _unsynced = [];
    private byte[] _buffer = new byte[1 << 20];
    private JournalSegment? _current;
    private long _written;
    private long _synced;
    private long _moved;
    private long _readNext;
    private int _readAt = JournalSegment.Start;
    private bool _isBroken;
    private bool _isSuspended;

    private InboxJournal(Guid id, JournalFiles files, JournalFound found, bool isOn, ILogger logger)
    {
        _id = id;
        _files = files;
        _isOn = isOn;
        _logger = logger;
        Contents = found.Contents;
        Newest = found.Newest;
        foreach (var segment in found.Segments)
        {
            _filled.Enqueue(segment);
        }

        (_moved, _written, _synced) = (found.Moved, found.Last, found.Last);
        (_readNext, _readAt) = (found.Moved + 1, found.ReadAt);
    }

    /// <summary>For whom webhooks are in it.</summary>
    public JournalContents Contents { get; }

    /// <summary>The newest webhook that was in it when it was opened.</summary>
    public Guid? Newest { get; }

    /// <summary>Where acknowledged webhooks are kept that the table refuses.</summary>
    internal string RefusedDirectory => Path.Combine(_files.Directory, "refused");

    /// <summary>The number of the last batch that is in the table, as far as this process knows.</summary>
    internal long MovedUpTo => Volatile.Read(ref _moved);

    /// <summary>Whether all that was acknowledged from it is in the table.</summary>
    internal bool IsEmpty => Volatile.Read(ref _moved) == Volatile.Read(ref _synced);

    /// <summary>Opens the journal of a data directory and finds what an earlier process has left in it.</summary>
    /// <param name="directory">Made if it is not there; its owner's alone.</param>
    /// <param name="position">What the database says of it.</param>
    /// <param name="megabytes">Most that it holds. 0: nothing is written to it any more; what is in it is moved all the same.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">For what an operator should know.</param>
    /// <exception cref="SettingException">The directory cannot be used.</exception>
    public static InboxJournal Open(string directory, JournalPosition position, int megabytes, TimeProvider clock, ILogger logger)
    {
        try
        {
            var files = new JournalFiles(directory, megabytes, clock, logger);
            var found = JournalFound.In(files, position, logger);
            if (found.Contents.Count > 0)
            {
                Log.Found(logger, found.Contents.Count);
            }

            return new InboxJournal(position.Journal, files, found, megabytes > 0, logger);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(
                "Channels:DataDirectory",
                $"names a directory whose journal cannot be read or written: {refused.Message} Acknowledged webhooks may be in it: make {directory} readable and writable for the user Channels runs as.");
        }
    }

    /// <summary>Whether this tenant's next webhook must be written here: earlier ones are.</summary>
    internal bool Holds(TenantId tenant) => Contents.Has(tenant);

    /// <summary>Whether a tenant's webhooks may begin to be written here. If not because no file is ready, one will be.</summary>
    internal bool IsReady()
    {
        if (!_isOn || Volatile.Read(ref _isBroken) || Volatile.Read(ref _isSuspended))
        {
            return false;
        }

        _files.Prepare(Ahead);
        return _files.Ready > 0 || Volatile.Read(ref _current)?.HasRoomFor(RoomToBegin) == true;
    }

    /// <summary>Returns when they are on the disk.</summary>
    /// <param name="webhooks">In the order they came.</param>
    /// <param name="rows">Their rows, as <see cref="Inbox.InboxRows"/> writes them.</param>
    /// <param name="cancellationToken">Gives up waiting for room.</param>
    /// <exception cref="StoreUnavailableException">They are not, or not certainly: answer 503.</exception>
    internal async Task AppendAsync(IReadOnlyList<InboundWebhook> webhooks, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        // Before anything is written: whoever asks from now on is told that this tenant's are here.
        foreach (var webhook in webhooks)
        {
            Contents.Add(webhook.Tenant, webhook.Account, webhook.ReceivedAt);
        }

        try
        {
            await SyncAsync(await WriteAsync(rows, cancellationToken), cancellationToken);
        }
        catch
        {
            foreach (var webhook in webhooks)
            {
                Contents.Remove(webhook.Tenant, webhook.Account, webhook.ReceivedAt);
            }

            throw;
        }

        Tell();
    }

    /// <summary>The database does not take what is moved, or takes it again. Meanwhile nobody gets a 200 from here either: who waits for a database is not to wait for it longer because of us.</summary>
    internal void Suspend(bool suspended) => Volatile.Write(ref _isSuspended, suspended);

    /// <summary>Returns when there may be something to move.</summary>
    internal Task<bool> WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _news.WaitAsync(most, cancellationToken);

    /// <summary>The oldest batches that are not moved yet; null when there are none. What was returned before and is not <see cref="Moved"/> is returned again.</summary>
    /// <param name="most">Most batches.</param>
    /// <param name="inTable">Up to this number they are in the table: those are not returned together with later ones.</param>
    /// <exception cref="IOException">The disk does not give them.</exception>
    internal JournalPiece? Read(int most, long inTable)
    {
        while (_readNext <= Volatile.Read(ref _synced))
        {
            JournalSegment segment;
            lock (_gate)
            {
                // Those behind are moved, but for the one that is written to.
                segment = _filled.First(one => one.Last >= _readNext || one == _current);
            }

            if (segment.First > _readNext)
            {
                Log.Gap(_logger, _readNext, segment.First - 1);
                _readNext = segment.First;
            }

            if (segment.First == _readNext)
            {
                _readAt = JournalSegment.Start;
            }

            if (ReadFrom(segment, _readNext <= inTable ? (int)Math.Min(most, inTable - _readNext + 1) : most) is { Count: > 0 } piece)
            {
                return piece;
            }

            // Written, synced, and not what was written.
            var last = Math.Min(segment.Last, Volatile.Read(ref _synced));
            Break();
            Log.Damaged(_logger, segment.Path, _readNext, last);
            segment.Keep();
            _readNext = last + 1;
            Leave(last);
        }

        return null;
    }

    /// <summary>These are in the table, and so are all before them.</summary>
    internal void Moved(JournalPiece piece)
    {
        foreach (var webhook in piece.Webhooks)
        {
            Contents.Remove(webhook.Tenant, webhook.Account, webhook.ReceivedAt);
        }

        foreach (var rows in piece.Batches)
        {
            _readAt += JournalFrame.HeaderSize + rows.Length;
        }

        _readNext = piece.Last + 1;
        Leave(piece.Last);
    }

    /// <summary>Gives the disk back what it holds, if nothing is in it: what was in it is told to nobody any more.</summary>
    internal async Task ClearAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            lock (_gate)
            {
                if (!IsEmpty || Volatile.Read(ref _written) != Volatile.Read(ref _synced))
                {
                    return;
                }

                _current = null;
                _unsynced.Clear();
                while (_filled.TryDequeue(out var segment))
                {
                    _files.Release(segment);
                }
            }

            _files.Clear();
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync();
        lock (_gate)
        {
            foreach (var segment in _filled)
            {
                segment.Dispose();
            }
        }

        await _files.DisposeAsync();
        _writing.Dispose();
        _syncing.Dispose();
        _news.Dispose();
    }

    private async Task<long> WriteAsync(ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            ThrowIfClosed();
            if (_current is not { } current || !current.HasRoomFor(rows.Length))
            {
                current = await NextAsync(cancellationToken);
            }

            var sequence = Volatile.Read(ref _written) + 1;
            current.Write(sequence, rows);
            Volatile.Write(ref _written, sequence);
            return sequence;
        }
        catch (IOException failed)
        {
            throw Broken(failed);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<JournalSegment> NextAsync(CancellationToken cancellationToken)
    {
        // First: the file that is full is given back, too, when all in it is moved, and may be the one that is waited for.
        lock (_gate)
        {
            _current = null;
        }

        Leave(MovedUpTo);
        _files.Prepare(Ahead);
        var next = await _files.TakeAsync(Patience, cancellationToken) ?? throw new StoreUnavailableException("The journal is full, and the store takes nothing from it.");
        next.Begin(_id, Volatile.Read(ref _written) + 1);
        lock (_gate)
        {
            _current = next;
            _filled.Enqueue(next);
            _unsynced.Add(next);
        }

        return next;
    }

    private async Task SyncAsync(long sequence, CancellationToken cancellationToken)
    {
        await _syncing.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _synced) >= sequence)
            {
                return;
            }

            ThrowIfBroken();
            var upTo = Volatile.Read(ref _written);
            ImmutableArray<JournalSegment> unsynced;
            JournalSegment? current;
            lock (_gate)
            {
                (unsynced, current) = ([.. _unsynced], _current);
            }

            foreach (var segment in unsynced)
            {
                segment.Sync();
            }

            lock (_gate)
            {
                // Nothing more is written to any but the last.
                _unsynced.RemoveAll(segment => segment != current && unsynced.Contains(segment));
                Volatile.Write(ref _synced, upTo);
            }
        }
        catch (IOException failed)
        {
            throw Broken(failed);
        }
        finally
        {
            _syncing.Release();
        }
    }

    private void Leave(long moved)
    {
        lock (_gate)
        {
            Volatile.Write(ref _moved, Math.Max(moved, _moved));
            while (_filled.TryPeek(out var segment) && segment != _current && segment.Last <= _moved && !_unsynced.Contains(segment))
            {
                _files.Release(_filled.Dequeue());
            }
        }
    }

    private void Tell()
    {
        lock (_gate)
        {
            if (_news.CurrentCount == 0)
            {
                _news.Release();
            }
        }
    }

    private JournalPiece? ReadFrom(JournalSegment segment, int most)
    {
        var piece = new JournalPiece(_buffer, _readNext);
        var read = segment.ReadAt(_readAt, _buffer);
        for (var at = 0; piece.Count < most && _readNext + piece.Count <= Volatile.Read(ref _synced);)
        {
            if (read - at < JournalFrame.HeaderSize || JournalFrame.LengthOf(_buffer.AsSpan(at), _readNext + piece.Count) is not { } length)
            {
                break;
            }

            var end = at + JournalFrame.HeaderSize + length;
            if (end > read)
            {
                if (piece.Count > 0 || _readAt + end > JournalSegment.Size)
                {
                    break;
                }

                _buffer = new byte[end];
                return ReadFrom(segment, most);
            }

            if (!JournalFrame.IsWhole(_buffer.AsSpan(at, end - at)))
            {
                break;
            }

            piece.Add((at + JournalFrame.HeaderSize)..end);
            at = end;
        }

        return piece;
    }

    private void ThrowIfClosed()
    {
        ThrowIfBroken();
        if (Volatile.Read(ref _isSuspended))
        {
            throw new StoreUnavailableException("The store takes nothing from the journal.");
        }
    }

    private void ThrowIfBroken()
    {
        if (Volatile.Read(ref _isBroken))
        {
            throw new StoreUnavailableException("The journal can no longer be written.");
        }
    }

    private StoreUnavailableException Broken(IOException failed)
    {
        Break();
        Log.Broken(_logger, failed.Message);
        return new StoreUnavailableException("The journal can no longer be written.", failed);
    }

    private void Break() => Volatile.Write(ref _isBroken, true);

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Information, "{Count} acknowledged webhooks are in the journal that are not in the table yet; they are moved now")]
        public static partial void Found(ILogger logger, long count);

        [LoggerMessage(2302, LogLevel.Error, "The journal of the inbox can no longer be written ({Failure}). What is in it is moved; until the next start webhooks go into the table alone, more slowly in a flood. Look at the disk")]
        public static partial void Broken(ILogger logger, string failure);

        [LoggerMessage(2303, LogLevel.Critical, "{File} is damaged: batches {First} to {Last} of acknowledged webhooks cannot be read. The file is kept beside it, ending in .damaged. Look at the disk")]
        public static partial void Damaged(ILogger logger, string file, long first, long last);

        [LoggerMessage(2304, LogLevel.Critical, "The journal of the inbox has no batches {First} to {Last}: a file is gone, or the database is older than the journal")]
        public static partial void Gap(ILogger logger, long first, long last);
    }
}
