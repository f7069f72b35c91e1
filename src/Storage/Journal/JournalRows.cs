using System.Buffers.Binary;
using System.Text;
using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Journal;

/// <summary>Reads rows as <see cref="Inbox.InboxRows"/> writes them.</summary>
internal static class JournalRows
{
    private const int Columns = 6;
    private static readonly DateTimeOffset _epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The webhooks in them. Not the row that counts them: that is nobody's.</summary>
    /// <param name="rows">Whole rows.</param>
    public static IEnumerable<JournalRow> Webhooks(ReadOnlySpan<byte> rows) => Read(rows).Where(row => row.Tenant != default);

    /// <summary>All of them, and where each stands.</summary>
    public static List<JournalRow> Read(ReadOnlySpan<byte> rows)
    {
        var read = new List<JournalRow>();
        Span<Range> values = stackalloc Range[Columns];
        for (var at = 0; at < rows.Length;)
        {
            var start = at;
            at += sizeof(short);
            for (var column = 0; column < Columns; column++)
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(rows[at..]);
                at += sizeof(int);
                values[column] = at..(at + length);
                at += length;
            }

            read.Add(new JournalRow(
                new TenantId(new Guid(rows[values[0]], bigEndian: true)), new AccountId(new Guid(rows[values[1]], bigEndian: true)), new WebhookId(new Guid(rows[values[2]], bigEndian: true)),
                _epoch.AddTicks(BinaryPrimitives.ReadInt64BigEndian(rows[values[3]]) * TimeSpan.TicksPerMicrosecond), start..at, values[4], values[5]));
        }

        return read;
    }

    /// <summary>One of them as it came.</summary>
    public static InboundWebhook Webhook(JournalRow row, ReadOnlyMemory<byte> rows) =>
        new(row.Tenant, row.Account, row.Id, row.ReceivedAt, Encoding.UTF8.GetString(rows.Span[row.Path]), rows[row.Body]);
}

/// <summary>One webhook among a batch's rows.</summary>
/// <param name="Tenant">Its owner.</param>
/// <param name="Account">The account it came for.</param>
/// <param name="Id">Its id.</param>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="All">The row's bytes among the rows'.</param>
/// <param name="Path">Those of its path.</param>
/// <param name="Body">Those of its body.</param>
internal readonly record struct JournalRow(TenantId Tenant, AccountId Account, WebhookId Id, DateTimeOffset ReceivedAt, Range All, Range Path, Range Body);
