using Microsoft.Extensions.Logging;

namespace Channels.Storage.Journal;

/// <summary>What an earlier process has left in the journal.</summary>
internal sealed partial class JournalFound
{
    private JournalFound(long moved) => (Moved, Last) = (moved, moved);

    /// <summary>Files with batches that are not in the table, oldest first.</summary>
    public List<JournalSegment> Segments { get; } = [];

    /// <summary>For whom.</summary>
    public JournalContents Contents { get; } = new();

    /// <summary>The newest of their webhooks.</summary>
    public Guid? Newest { get; private set; }

    /// <summary>The number of the last batch that is in the table.</summary>
    public long Moved { get; }

    /// <summary>The number of the last batch there is.</summary>
    public long Last { get; private set; }

    /// <summary>The number that may have been given out last; at least <see cref="Last"/>.</summary>
    public long NumbersTaken { get => Math.Max(field, Last); private set; }

    /// <summary>Where in the first file the first batch begins that is not in the table.</summary>
    public int ReadAt { get; private set; } = JournalSegment.Start;

    /// <summary>Looks through all files; deletes those of which everything is in the table.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static JournalFound In(JournalFiles files, JournalPosition position, ILogger logger)
    {
        var found = new JournalFound(position.Moved);
        var buffer = new byte[JournalSegment.Size];
        var segments = files.Open(position.Journal).OrderBy(one => one.First).ToList();
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = segments[i];
            found.Look(segment, buffer, logger);
            if (i + 1 < segments.Count && segments[i + 1].First > Math.Max(segment.Last, found.Moved) + 1)
            {
                // What comes next was written when more than this was here: its end cannot be read.
                segment.Keep();
            }

            if (segment.Last <= found.Moved || segment.Last < segment.First)
            {
                // All in it is in the table, or it was begun and nothing came.
                files.Release(segment);
                continue;
            }

            // What an earlier process wrote and did not wait for is counted from now on: it must not go with the next loss of power.
            segment.Sync();
            found.Segments.Add(segment);
            found.Last = Math.Max(found.Last, segment.Last);
        }

        files.Clear();
        return found;
    }

    private void Look(JournalSegment segment, byte[] buffer, ILogger logger)
    {
        var bytes = buffer.AsSpan(0, segment.ReadAt(0, buffer));
        var at = JournalSegment.Start;
        while (at < JournalSegment.Size)
        {
            var sequence = segment.Last + 1;
            if (JournalFrame.EndOf(bytes, at, sequence) is { } end && (sequence <= Moved || JournalFrame.IsWhole(bytes[at..end], segment.Salt)))
            {
                Found(segment, sequence, bytes[(at + JournalFrame.HeaderSize)..end], end);
                at = end;
                continue;
            }

            // The last one of all was perhaps only partly written, or there is none. One with others behind it was whole.
            var next = JournalFrame.Find(bytes, at, sequence, segment.Salt);
            if (next is null && bytes.Length >= segment.Length)
            {
                return;
            }

            Damaged(segment, sequence, next?.Sequence - 1, logger);
            if (next is not { } found)
            {
                return;
            }

            at = found.At;
            segment.Found(found.Sequence - 1);
            ReadAt = found.Sequence <= Moved + 1 ? at : ReadAt;
        }
    }

    private void Found(JournalSegment segment, long sequence, ReadOnlySpan<byte> rows, int end)
    {
        segment.Found(sequence);
        if (sequence <= Moved)
        {
            ReadAt = end;
        }
        else
        {
            Count(rows);
        }
    }

    // Numbers of batches that cannot be read now are not given out again.
    private void Damaged(JournalSegment segment, long first, long? last, ILogger logger)
    {
        segment.Keep();
        NumbersTaken = Math.Max(NumbersTaken, first + JournalFrame.MostInFile);
        Log.Damaged(logger, segment.Path, first, last);
    }

    private void Count(ReadOnlySpan<byte> rows)
    {
        foreach (var row in JournalRows.Webhooks(rows))
        {
            Contents.Add(row.Tenant, row.Account, row.ReceivedAt);
            Newest = Newest is not { } newest || row.Id.Value.CompareTo(newest) > 0 ? row.Id.Value : newest;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2321, LogLevel.Critical, "{File} is damaged: batches {First} to {Last} of webhooks that may have been acknowledged cannot be read. What is behind them is moved, and the file kept. Look at the disk")]
        public static partial void Damaged(ILogger logger, string file, long first, long? last);
    }
}
