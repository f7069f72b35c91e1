using Channels.Core.Inbox;

namespace Channels.Storage.Journal;

/// <summary>Some batches of the journal, one behind the other, as they go into the table together.</summary>
internal sealed class JournalPiece
{
    private readonly List<Range> _batches = [];
    private readonly byte[] _buffer;

    /// <param name="buffer">Holds the batches' bytes; its owner leaves it alone while the piece is in use.</param>
    /// <param name="first">The number of the first batch.</param>
    public JournalPiece(byte[] buffer, long first)
    {
        _buffer = buffer;
        Last = first - 1;
    }

    /// <summary>The number of the last batch.</summary>
    public long Last { get; private set; }

    /// <summary>How many batches.</summary>
    public int Count => _batches.Count;

    /// <summary>The rows of each batch.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Batches => _batches.Select(batch => (ReadOnlyMemory<byte>)_buffer.AsMemory(batch));

    /// <summary>The webhooks in all of them, in the order they came in.</summary>
    public IEnumerable<JournalRow> Webhooks => Batches.SelectMany(rows => JournalRows.Webhooks(rows.Span));

    /// <summary>One batch more, whose rows are there in the buffer.</summary>
    public void Add(Range rows)
    {
        _batches.Add(rows);
        Last++;
    }

    /// <summary>The webhooks as they came, with the bytes of their rows; and the row that counts them, which has no tenant.</summary>
    public IEnumerable<(InboundWebhook Webhook, ReadOnlyMemory<byte> Row)> Whole() =>
        Batches.SelectMany(rows => JournalRows.Read(rows.Span).Select(row => (JournalRows.Webhook(row, rows), rows[row.All])));
}
