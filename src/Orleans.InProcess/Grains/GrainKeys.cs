using System.Globalization;

namespace Orleans.Runtime;

/// <summary>How keys become text and back: the same text that Orleans writes, because it is what both builds store under.</summary>
internal static class GrainKeys
{
    public static string Of(Guid key) => key.ToString("N");

    public static string Of(long key) => key.ToString("X", CultureInfo.InvariantCulture);

    /// <summary>32 hex digits, alone or followed by <c>+extension</c>.</summary>
    public static bool TryParseGuid(string key, out Guid guid, out string? extension)
    {
        extension = null;
        if (key.Length > 32 && key[32] == '+')
        {
            extension = key[33..];
        }
        else if (key.Length != 32)
        {
            guid = default;
            return false;
        }

        return Guid.TryParseExact(key.AsSpan(0, 32), "N", out guid);
    }

    /// <summary>A hex number, alone or followed by <c>+extension</c>. Two's complement: sixteen digits may be negative.</summary>
    public static bool TryParseInteger(string key, out long number, out string? extension)
    {
        var plus = key.IndexOf('+', StringComparison.Ordinal);
        extension = plus < 0 ? null : key[(plus + 1)..];
        var digits = plus < 0 ? key.AsSpan() : key.AsSpan(0, plus);
        return long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
    }
}
