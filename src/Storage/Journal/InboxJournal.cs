using System.Collections.Immutable;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
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
    /// <summary>Threads that may wait for its disk at once: as many as transactions of webhooks are under way.</summary>
    public const int Waiting = ChannelsDatabase.MostAppends;

    /// <summary>Files that are ready while the journal is in use: at 100 MB a second each lasts for a sixth of a second, and is made in a tenth of that.</summary>
    private const int Ahead = 2;

    /// <summary>Bytes of one batch.</summary>
    private const int MostRows = JournalSegment.Size - (64 << 10);

    /// <summary>Bytes: several batches as they usually are.</summary>
    private const int RoomToBegin = 1 << 20;

    /// <summary>What a full journal is waited for; then the answer is 503.</summary>
    private static readonly TimeSpan Patience = Inbox.PostgresInbox.AnswerWithin;

    private readonly Guid _id;
    private readonly JournalFiles _files;
    private readonly ILogger _logger;
    private readonly Lock _writing = new();
    private readonly Lock _syncing = new();
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly Lock _gate = new();
    private readonly bool _isOn;
    private readonly Queue<JournalSegment> _filled = [];
    private readonly List<(JournalSegment Segment, long First)> _unsynced = [];
    private JournalSegment? _current;
    private long _written;
    private long _synced;
    private long _moved;
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

        (_moved, _written, _synced) = (found.Moved, found.NumbersTaken, found.Last);
        Reader = new JournalReader(this, found, logger);
    }

    /// <summary>For whom webhooks are in it.</summary>
    public JournalContents Contents { get; }

    /// <summary>The newest webhook that was in it when it was opened.</summary>
    public Guid? Newest { get; }

    /// <summary>Reads what is to be moved.</summary>
    internal JournalReader Reader { get; }

    /// <summary>The number of the last batch that is on the disk.</summary>
    internal long Synced => Volatile.Read(ref _synced);

    /// <summary>Where acknowledged webhooks are kept that the table refuses.</summary>
    internal string RefusedDirectory => Path.Combine(_files.Directory, "refused");

    /// <summary>The number of the last batch that is in the table, as far as this process knows.</summary>
    internal long MovedUpTo => Volatile.Read(ref _moved);

    /// <summary>Whether all that was acknowledged from it is in the table.</summary>
    internal bool IsEmpty => Volatile.Read(ref _moved) == Synced;

    /// <summary>Nothing more is written.</summary>
    internal bool IsBroken => Volatile.Read(ref _isBroken);

    /// <summary>Whether this webhook goes here because earlier ones of its tenant are here; then it counts as here from now on, until it is <see cref="Withdraw"/>n or moved.</summary>
    internal bool Joins(InboundWebhook webhook) => Contents.TryJoin(webhook.Tenant, webhook.Account, webhook.ReceivedAt);

    /// <summary>This webhook goes here, whatever its tenant has here: all that comes later for it joins.</summary>
    internal void Begins(InboundWebhook webhook) => Contents.Add(webhook.Tenant, webhook.Account, webhook.ReceivedAt);

    /// <summary>It is not here, and will not be.</summary>
    internal void Withdraw(InboundWebhook webhook) => Contents.Withdraw(webhook.Tenant, webhook.Account);

    /// <summary>Whether a tenant's webhooks may begin to be written here. If not because no file is ready, one will be.</summary>
    internal bool IsReady()
    {
        if (!_isOn || IsBroken || Volatile.Read(ref _isSuspended))
        {
            return false;
        }

        _files.Prepare(Ahead);
        return _files.Ready > 0 || Volatile.Read(ref _current)?.HasRoomFor(RoomToBegin) == true;
    }

    /// <summary>Returns when they are on the disk. Each <see cref="Joins"/> or <see cref="Begins"/> before.</summary>
    /// <param name="rows">Their rows, as <see cref="Inbox.InboxRows"/> writes them.</param>
    /// <param name="cancellationToken">Gives up waiting for room.</param>
    /// <exception cref="StoreUnavailableException">They are not, or not certainly: answer 503.</exception>
    internal async Task AppendAsync(ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        if (rows.Length > MostRows)
        {
            throw new StoreUnavailableException($"A batch of {rows.Length} bytes is more than a file of the journal holds.");
        }

        Sync(await WriteAsync(rows, cancellationToken));
        Tell();
    }

    /// <summary>Deletes files that are not in use.</summary>
    internal void GiveBack() => _files.Clear();

    /// <summary>The database does not take what is moved, or takes it again. Meanwhile nobody gets a 200 from here either: who waits for a database is not to wait for it longer because of us.</summary>
    internal void Suspend(bool suspended) => Volatile.Write(ref _isSuspended, suspended);

    /// <summary>Returns when there may be something to move.</summary>
    internal Task<bool> WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _news.WaitAsync(most, cancellationToken);

    /// <summary>Gives the disk back what it holds, if nothing is in it: what was in it is told to nobody any more.</summary>
    internal void Clear()
    {
        lock (_writing)
        {
            lock (_syncing)
            {
                ClearIfEmpty();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Who comes now comes too late: the host has ended everything that writes.
        Break();
        Clear();
        lock (_writing)
        {
            foreach (var segment in _filled)
            {
                segment.Dispose();
            }
        }

        await _files.DisposeAsync();
        _news.Dispose();
    }

    // Locks, not waits that give the thread away: they are held for a memory copy and a disk's answer, and who would come back through the queue of a busy pool comes late.
    private async ValueTask<long> WriteAsync(ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        long sequence;
        while (!TryWrite(rows, out sequence))
        {
            _files.Prepare(Ahead);
            if (!await _files.WaitAsync(Patience, cancellationToken))
            {
                throw new StoreUnavailableException("The journal is full, and the store takes nothing from it.");
            }
        }

        return sequence;
    }

    // False when there is no file with room.
    private bool TryWrite(ReadOnlyMemory<byte> rows, out long sequence)
    {
        lock (_writing)
        {
            ThrowIfClosed();
            sequence = Volatile.Read(ref _written) + 1;
            try
            {
                if (_current?.HasRoomFor(rows.Length) != true && !TryBeginNext(sequence))
                {
                    return false;
                }

                _current!.Write(sequence, rows);
                Volatile.Write(ref _written, sequence);
                return true;
            }
            catch (Exception failed)
            {
                throw Broken(failed);
            }
        }
    }

    private bool TryBeginNext(long first)
    {
        // First: the file that is full is given back, too, when all in it is moved, and may be the only one there is.
        lock (_gate)
        {
            _current = null;
        }

        Leave(MovedUpTo);
        if (_files.TryTake() is not { } next)
        {
            return false;
        }

        next.Begin(_id, first);
        lock (_gate)
        {
            _current = next;
            _filled.Enqueue(next);
            _unsynced.Add((next, first));
        }

        return true;
    }

    // What was written meanwhile is on the disk with it: files are synced in the order they were filled.
    private void Sync(long sequence)
    {
        lock (_syncing)
        {
            if (Synced >= sequence)
            {
                return;
            }

            ThrowIfBroken();
            var upTo = Volatile.Read(ref _written);
            ImmutableArray<(JournalSegment Segment, long First)> unsynced;
            JournalSegment? current;
            lock (_gate)
            {
                (unsynced, current) = ([.. _unsynced], _current);
            }

            try
            {
                foreach (var (segment, _) in unsynced)
                {
                    SyncUnlessMoved(segment);
                }
            }
            catch (Exception failed)
            {
                throw Broken(failed);
            }

            lock (_gate)
            {
                // Nothing more is written to any but the last. By what was first in it: a file may have been begun anew meanwhile.
                _unsynced.RemoveAll(one => one.Segment != current && unsynced.Contains(one));
                Volatile.Write(ref _synced, upTo);
            }
        }
    }

    /// <summary>All up to this batch is in the table: files with nothing else in them may be used again.</summary>
    internal void Leave(long moved)
    {
        lock (_gate)
        {
            Volatile.Write(ref _moved, Math.Max(moved, _moved));
            while (_filled.TryPeek(out var segment) && segment != _current && segment.Last <= _moved)
            {
                // What is in the table was on the disk before.
                _unsynced.Remove((segment, segment.First));
                _files.Release(_filled.Dequeue());
            }
        }
    }

    /// <summary>The file that has this batch, or where that is missing, the next one there is.</summary>
    internal JournalSegment FileOf(long sequence)
    {
        lock (_gate)
        {
            return _filled.First(one => one.Last >= sequence || one == _current);
        }
    }

    private void ClearIfEmpty()
    {
        lock (_gate)
        {
            if (!IsEmpty || Volatile.Read(ref _written) != Synced)
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
        if (IsBroken)
        {
            throw new StoreUnavailableException("The journal can no longer be written.");
        }
    }

    private StoreUnavailableException Broken(Exception failed)
    {
        Break();
        Log.Broken(_logger, failed.Message);
        return new StoreUnavailableException("The journal can no longer be written.", failed);
    }

    // A file is given up only when all in it is in the table.
    private static void SyncUnlessMoved(JournalSegment segment)
    {
        try
        {
            segment.Sync();
        }
        catch (ObjectDisposedException)
        {
            // So is all that was waited for.
        }
    }

    /// <summary>What was skipped is not waited for: its tenants go to the table again.</summary>
    /// <param name="next">What is read next.</param>
    internal void ForgetLost(long next)
    {
        if (!IsBroken)
        {
            return;
        }

        lock (_syncing)
        {
            // Nobody makes anything count from here on.
            if (next > Synced)
            {
                Contents.Clear();
            }
        }
    }

    /// <summary>Writes nothing more.</summary>
    internal void Break() => Volatile.Write(ref _isBroken, true);

    private static partial class Log
    {
        [LoggerMessage(2301, LogLevel.Information, "{Count} acknowledged webhooks are in the journal that are not in the table yet; they are moved now")]
        public static partial void Found(ILogger logger, long count);

        [LoggerMessage(2302, LogLevel.Error, "The journal of the inbox can no longer be written ({Failure}). What is in it is moved; until the next start webhooks go into the table alone, more slowly in a flood. Look at the disk")]
        public static partial void Broken(ILogger logger, string failure);
    }
}
