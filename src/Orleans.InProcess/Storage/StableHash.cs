using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Orleans.Storage;

/// <summary>The hash in Orleans' tables: xxHash32 with seed 0, its four bytes read in the other order.</summary>
/// <remarks>Orleans takes the canonical (big-endian) digest for a native number. Rows written with it stay, so we do the same.</remarks>
internal static class StableHash
{
    private const uint Prime1 = 2654435761, Prime2 = 2246822519, Prime3 = 3266489917, Prime4 = 668265263, Prime5 = 374761393;

    public static uint Of(string text) => BinaryPrimitives.ReverseEndianness(XxHash32(Encoding.UTF8.GetBytes(text)));

    public static uint Of(ReadOnlySpan<byte> data) => BinaryPrimitives.ReverseEndianness(XxHash32(data));

    internal static uint XxHash32(ReadOnlySpan<byte> data)
    {
        var hash = Prime5;
        var rest = data;
        if (data.Length >= 16)
        {
            Span<uint> lanes = [unchecked(Prime1 + Prime2), Prime2, 0, unchecked(0 - Prime1)];
            for (; rest.Length >= 16; rest = rest[16..])
            {
                for (var lane = 0; lane < 4; lane++)
                {
                    lanes[lane] = BitOperations.RotateLeft(lanes[lane] + (Word(rest[(lane * 4)..]) * Prime2), 13) * Prime1;
                }
            }

            hash = BitOperations.RotateLeft(lanes[0], 1) + BitOperations.RotateLeft(lanes[1], 7)
                + BitOperations.RotateLeft(lanes[2], 12) + BitOperations.RotateLeft(lanes[3], 18);
        }

        hash += (uint)data.Length;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            hash = BitOperations.RotateLeft(hash + (Word(rest) * Prime3), 17) * Prime4;
        }

        foreach (var last in rest)
        {
            hash = BitOperations.RotateLeft(hash + (last * Prime5), 11) * Prime1;
        }

        hash = (hash ^ (hash >> 15)) * Prime2;
        hash = (hash ^ (hash >> 13)) * Prime3;
        return hash ^ (hash >> 16);
    }

    private static uint Word(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data);
}
