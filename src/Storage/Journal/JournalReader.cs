using Microsoft.Extensions.Logging;

namespace Channels.Storage.Journal;

/// <summary>Reads the journal from where the table has come to. One caller at a time.</summary>
internal sealed partial class JournalReader
{
    /// <summary>So often a disk that does not give what it has is asked again, a second apart.</summary>
    private const int MostFailures = 10;

    /// <summary>Bytes after which a piece takes no more.</summary>
    public const int Enough = 1 << 20;

    private readonly InboxJournal _journal;
    private readonly ILogger _logger;
    private byte[] _buffer = new byte[Enough];
    private long _next;
    private int _at;
    private int _failures;

    /// <summary>Begins behind what was found to be moved.</summary>
    public JournalReader(InboxJournal journal, JournalFound found, ILogger logger)
    {
        _journal = journal;
        _logger = logger;
        (_next, _at) = (found.Moved + 1, found.ReadAt);
    }

    /// <summary>The oldest batches that are not moved yet; null when there are none. What was returned before and is not <see cref="Moved"/> is returned again.</summary>
    /// <param name="most">Most batches.</param>
    /// <param name="enough">Bytes after which a piece takes no more; <see cref="Enough"/> at the most.</param>
    /// <param name="inTable">Up to this number they are in the table: those are not returned together with later ones.</param>
    /// <exception cref="IOException">The disk does not give them.</exception>
    public JournalPiece? Read(int most, int enough, long inTable)
    {
        while (_next <= _journal.Synced)
        {
            var segment = _journal.FileOf(_next);
            if (segment.First > _next)
            {
                Log.Gap(_logger, _next, segment.First - 1);
                _next = segment.First;
            }

            if (segment.First == _next)
            {
                _at = JournalSegment.Start;
            }

            if (ReadFrom(segment, _next <= inTable ? (int)Math.Min(most, inTable - _next + 1) : most, enough) is { Count: > 0 } piece)
            {
                return piece;
            }

            Skip(segment);
        }

        _journal.ForgetLost(_next);
        return null;
    }

    /// <summary>These are in the table, and so are all before them.</summary>
    public void Moved(JournalPiece piece)
    {
        foreach (var webhook in piece.Webhooks)
        {
            _journal.Contents.Moved(webhook.Tenant, webhook.Account, webhook.ReceivedAt);
        }

        foreach (var rows in piece.Batches)
        {
            _at += JournalFrame.HeaderSize + rows.Length;
        }

        _next = piece.Last + 1;
        _journal.Leave(piece.Last);
    }

    // Written, on the disk, and not what was written: goes on with the next batch of the file that can be read.
    private void Skip(JournalSegment segment)
    {
        var rest = new byte[JournalSegment.Size - _at];
        var read = segment.ReadAt(_at, rest);
        if (read < rest.Length && ++_failures < MostFailures)
        {
            throw new IOException($"{segment.Path} cannot be read.");
        }

        _failures = 0;
        _journal.Break();
        segment.Keep();
        var next = JournalFrame.Find(rest.AsSpan(0, read), 0, _next, segment.Salt) is { } found && found.Sequence <= _journal.Synced ? found : (At: 0, Sequence: Math.Min(segment.Last, _journal.Synced) + 1);
        Log.Damaged(_logger, segment.Path, _next, next.Sequence - 1);
        (_at, _next) = (_at + next.At, next.Sequence);
        _journal.Leave(_next - 1);
    }

    private JournalPiece ReadFrom(JournalSegment segment, int most, int enough)
    {
        var piece = new JournalPiece(_buffer, _next);
        var read = segment.ReadAt(_at, _buffer);
        for (var at = 0; piece.Count < most && at < enough && _next + piece.Count <= _journal.Synced && read - at >= JournalFrame.HeaderSize;)
        {
            if (JournalFrame.LengthOf(_buffer.AsSpan(at), _next + piece.Count) is not { } length)
            {
                break;
            }

            if (length > JournalSegment.Size - _at - at - JournalFrame.HeaderSize)
            {
                break;
            }

            var end = at + JournalFrame.HeaderSize + length;
            if (end > _buffer.Length)
            {
                if (piece.Count > 0)
                {
                    break;
                }

                _buffer = new byte[end];
                return ReadFrom(segment, most, enough);
            }

            if (end > read || !JournalFrame.IsWhole(_buffer.AsSpan(at, end - at), segment.Salt))
            {
                break;
            }

            piece.Add((at + JournalFrame.HeaderSize)..end);
            at = end;
        }

        return piece;
    }

    private static partial class Log
    {
        [LoggerMessage(2303, LogLevel.Critical, "{File} is damaged: batches {First} to {Last} of acknowledged webhooks cannot be read. What is behind them is moved, and the file kept. Look at the disk")]
        public static partial void Damaged(ILogger logger, string file, long first, long last);

        [LoggerMessage(2304, LogLevel.Critical, "The journal of the inbox has no batches {First} to {Last}, which may have been acknowledged: a file is gone or damaged, or the database is older than the journal")]
        public static partial void Gap(ILogger logger, long first, long last);
    }
}
