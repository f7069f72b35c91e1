using System.Buffers.Binary;
using System.Numerics;

namespace Channels.Storage.Journal;

/// <summary>What stands before the rows of one batch in the journal: little-endian, a CRC-32C of all that follows it, the rows' length in bytes, the batch's number.</summary>
/// <remarks>
/// Numbers rise by one, and the CRC goes on from the file's salt, which is drawn anew whenever the file is begun. So what an earlier use of the file left behind is told from
/// what belongs here, also where a sender wrote into a body what looks like a batch; as is a batch that was only partly written when the machine stopped.
/// </remarks>
internal static class JournalFrame
{
    /// <summary>Bytes before the rows.</summary>
    public const int HeaderSize = 16;

    /// <summary>More batches than a file can hold.</summary>
    public const int MostInFile = 1 << 20;

    private const int LengthAt = 4;
    private const int SequenceAt = 8;

    /// <summary>Writes a header for these rows.</summary>
    public static void WriteHeader(Span<byte> header, uint salt, long sequence, ReadOnlySpan<byte> rows)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header[LengthAt..], rows.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[SequenceAt..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Checksum(Checksum(salt, header[LengthAt..HeaderSize]), rows));
    }

    /// <summary>How long the rows behind this header are, should it be the header of that batch; null when it cannot be. Whether it is, <see cref="IsWhole"/> says.</summary>
    public static int? LengthOf(ReadOnlySpan<byte> header, long sequence) =>
        BinaryPrimitives.ReadInt64LittleEndian(header[SequenceAt..]) == sequence && BinaryPrimitives.ReadInt32LittleEndian(header[LengthAt..]) is > 0 and var length ? length : null;

    /// <summary>Whether header and rows are as they were written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> frame, uint salt) => BinaryPrimitives.ReadUInt32LittleEndian(frame) == Checksum(salt, frame[LengthAt..]);

    /// <summary>Where the batch ends that begins there, should it be that batch and all of it be here; null when it cannot be.</summary>
    public static int? EndOf(ReadOnlySpan<byte> bytes, int at, long sequence) =>
        bytes.Length - at >= HeaderSize && LengthOf(bytes[at..], sequence) is { } length && length <= bytes.Length - at - HeaderSize ? at + HeaderSize + length : null;

    /// <summary>The next whole batch behind something that cannot be read; null when there is none.</summary>
    /// <param name="bytes">A file's, or the rest of it.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="after">Its number is greater than this.</param>
    /// <param name="salt">The file's.</param>
    public static (int At, long Sequence)? Find(ReadOnlySpan<byte> bytes, int from, long after, uint salt)
    {
        for (var at = from; at <= bytes.Length - HeaderSize; at++)
        {
            var sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + SequenceAt)..]);
            if (sequence > after && sequence - after <= MostInFile && EndOf(bytes, at, sequence) is { } end && IsWhole(bytes[at..end], salt))
            {
                return (at, sequence);
            }
        }

        return null;
    }

    /// <summary>CRC-32C (Castagnoli), to go on from what came before.</summary>
    public static uint Checksum(uint before, ReadOnlySpan<byte> bytes)
    {
        var crc = before;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return crc;
    }
}
