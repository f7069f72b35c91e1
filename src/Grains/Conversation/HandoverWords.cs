using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Channels.Grains.Conversation;

/// <summary>Tells whether a contact asks for a person. Pure.</summary>
/// <remarks>
/// The whole message must be a keyword, whatever its case and the blanks, punctuation and symbols around it: "¡Humano!" asks for one,
/// "is a human cheaper?" is a question for the agent.
/// </remarks>
internal static class HandoverWords
{
    public static bool AreMeantBy(string? text, ImmutableArray<string> keywords) =>
        !keywords.IsEmpty && text is not null && Core(text) is { Length: > 0 } said
        && keywords.Any(keyword => string.Equals(said, Core(keyword), StringComparison.OrdinalIgnoreCase));

    // From the first letter or digit to the last, with the marks that belong to it.
    private static string Core(string text)
    {
        var (start, end, at) = (-1, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var next = at + rune.Utf16SequenceLength;
            if (Rune.IsLetterOrDigit(rune))
            {
                start = start < 0 ? at : start;
                end = next;
            }
            else if (at == end && start >= 0 && IsMark(rune))
            {
                end = next;
            }

            at = next;
        }

        return start < 0 ? "" : text[start..end];
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
