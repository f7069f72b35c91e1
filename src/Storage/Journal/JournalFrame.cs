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
