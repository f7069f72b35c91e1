using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Channels.Grains.Conversation;

/// <summary>Choices as text, for channels without buttons: offered with numbers, and understood by number or by text. Pure.</summary>
internal static class NumberedOptions
{
    /// <summary>The text with the choices below it, one a line.</summary>
    public static string Append(string text, ImmutableArray<string> options)
    {
        if (options.IsEmpty)
        {
            return text;
        }

        var whole = new StringBuilder(text.TrimEnd()).Append('\n');
        foreach (var (place, option) in options.Index())
        {
            whole.Append(CultureInfo.InvariantCulture, $"\n{place + 1}. {option}");
        }

        return whole.ToString();
    }

    /// <summary>The choice that is meant by <c>2</c>, <c>2.</c>, <c>2)</c> or the choice's text in any case; null for anything else.</summary>
    public static string? Resolve(string? text, ImmutableArray<string> options)
    {
        if (options.IsEmpty || text?.Trim() is not { Length: > 0 } said)
        {
            return null;
        }

        var number = said[^1] is '.' or ')' ? said[..^1] : said;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place >= 1 && place <= options.Length
            ? options[place - 1]
            : options.FirstOrDefault(option => string.Equals(option, said, StringComparison.OrdinalIgnoreCase));
    }
}
