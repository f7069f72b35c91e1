using System.Text;

namespace Orleans.Storage;

/// <summary>Under what a grain's state is stored: the columns that Orleans' ADO.NET provider derives from a grain key.</summary>
/// <remarks>
/// Derived from the key's text, whatever its type: 32 hex digits are a Guid, a hex number is a number, the rest is a string.
/// So the string keys "7" and "007" share a row; string keys must hold a character that is not hex before any <c>+</c>.
/// </remarks>
internal readonly record struct GrainStorageKey(long N0, long N1, string? Extension, int Hash)
{
    public static GrainStorageKey Of(GrainId grain)
    {
        if (GrainKeys.TryParseGuid(grain.KeyText, out var guid, out var extension))
        {
            var bytes = guid.ToByteArray();
            return new(BitConverter.ToInt64(bytes, 0), BitConverter.ToInt64(bytes, 8), extension, HashOf(bytes, extension));
        }

        return GrainKeys.TryParseInteger(grain.KeyText, out var number, out extension)
            ? new(0, number, extension, HashOf(BitConverter.GetBytes(number), extension))
            : new(0, 0, grain.KeyText, HashOf([], grain.KeyText));
    }

    // The provider hashes the bytes back to front.
    private static int HashOf(byte[] id, string? extension)
    {
        byte[] bytes = [.. id, .. Encoding.UTF8.GetBytes(extension ?? "")];
        Array.Reverse(bytes);
        return (int)StableHash.Of(bytes);
    }
}
