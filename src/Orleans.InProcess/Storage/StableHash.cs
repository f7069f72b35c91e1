using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Orleans.Storage;

/// <summary>The hash in Orleans' tables: xxHash32 with seed 0, its four bytes read in the other order.</summary>
/// <remarks>Orleans takes the canonical (big-endian) digest for a native number. Rows written with it stay, so we do the same.</remarks>
internal static class StableHash
{
    public static uint Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static uint Of(ReadOnlySpan<byte> data) => BinaryPrimitives.ReverseEndianness(XxHash32.HashToUInt32(data));
}
