using System.Globalization;

namespace Channels.Cli.Output;

/// <summary>Texts of others as a terminal may show them: what would steer it, or turn the order of what is read, is a space.</summary>
internal static class Plain
{
    public static string Of(string text) => string.Concat(text.Select(letter => IsSteering(letter) ? ' ' : letter));

    /// <summary>The same for JSON, where nothing is lost: escaped.</summary>
    public static string OfJson(string json) => json.Any(IsSteering)
        ? string.Concat(json.Select(letter => IsSteering(letter) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}") : letter.ToString()))
        : json;

    // Embeddings, overrides and isolates make a name read backwards, and swallow what stands behind it. The mere marks (U+200E, U+200F) stay: honest texts have them.
    private static bool IsSteering(char letter) => char.IsControl(letter) || letter is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
