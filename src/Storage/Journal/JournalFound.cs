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

    /// <summary>Where in the first file the first batch begins that is not in the table.</summary>
    public int ReadAt { get; private set; } = JournalSegment.Start;

    /// <summary>Looks through all files; deletes those of which everything is in the table.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static JournalFound In(JournalFiles files, JournalPosition position, ILogger logger)
    {
        var found = new JournalFound(position.Moved);
        var ours = new List<JournalSegment>();
        foreach (var (segment, journal) in files.Open())
        {
            if (journal == position.Journal)
            {
                ours.Add(segment);
            }
            else
            {
                segment.Keep();
                files.Release(segment);
                Log.Foreign(logger, segment.Path);
            }
        }

        var buffer = new byte[JournalSegment.Size];
        foreach (var segment in ours.OrderBy(one => one.First))
        {
            found.Look(segment, buffer);
            if (segment.Last <= found.Moved)
            {
                files.Release(segment);
                continue;
            }

            found.Segments.Add(segment);
            found.Last = segment.Last;
        }

        files.Clear();
        return found;
    }

    private void Look(JournalSegment segment, byte[] buffer)
    {
        var bytes = buffer.AsSpan(0, segment.ReadAt(0, buffer));
        for (var at = JournalSegment.Start; at + JournalFrame.HeaderSize <= bytes.Length;)
        {
            if (JournalFrame.LengthOf(bytes[at..], segment.Last + 1) is not { } length
                || at + JournalFrame.HeaderSize + length is var end && (end > bytes.Length || !JournalFrame.IsWhole(bytes[at..end])))
            {
                return;
            }

            segment.Found(segment.Last + 1);
            if (segment.Last <= Moved)
            {
                ReadAt = end;
            }
            else
            {
                Count(bytes[(at + JournalFrame.HeaderSize)..end]);
            }

            at = end;
        }
    }

    private void Count(ReadOnlySpan<byte> rows)
    {
        foreach (var row in JournalRows.Read(rows))
        {
            Contents.Add(row.Tenant, row.Account, row.ReceivedAt);
            Newest = Newest is not { } newest || row.Id.Value.CompareTo(newest) > 0 ? row.Id.Value : newest;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2321, LogLevel.Error, "{File} belongs to the journal of another database and is left alone: acknowledged webhooks may be in it. Was the database replaced without the journal beside it?")]
        public static partial void Foreign(ILogger logger, string file);
    }
}
