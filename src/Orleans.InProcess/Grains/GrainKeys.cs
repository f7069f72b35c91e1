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
        var digits = BeforeExtension(key, 32, out extension);
        guid = default;
        return digits.Length == 32 && Guid.TryParseExact(digits, "N", out guid);
    }

    /// <summary>A hex number, alone or followed by <c>+extension</c>. Two's complement: sixteen digits may be negative.</summary>
    public static bool TryParseInteger(string key, out long number, out string? extension)
    {
        var digits = BeforeExtension(key, key.IndexOf('+', StringComparison.Ordinal), out extension);
        return long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
    }

    // The text before the plus sign, if there is one at that place; else all of it.
    private static ReadOnlySpan<char> BeforeExtension(string key, int plus, out string? extension)
    {
        var extended = plus >= 0 && plus < key.Length && key[plus] == '+';
        extension = extended ? key[(plus + 1)..] : null;
        return extended ? key.AsSpan(0, plus) : key;
    }
}
