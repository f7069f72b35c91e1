using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;

namespace Channels.Core.Text;

/// <summary>Cuts a text that is too long for one message into messages. Pure.</summary>
/// <remarks>
/// Cut as late as the limit allows, at the best place there is: between paragraphs, else lines, else sentences, else words, else between two characters
/// as people see them. The blanks at a cut go, nothing else does.
/// </remarks>
public static class TextParts
{
    // A cut at a better kind of place is taken when the part before it keeps at least this much of the limit: many crumbs read worse than a cut sentence.
    private const int LeastShare = 3;

    private static readonly SearchValues<char> SentenceEnds = SearchValues.Create(".!?…。！？");

    /// <summary>The parts in order, each with 1 to <paramref name="limit"/> characters (UTF-16); none for a text of blanks only. A text within the limit is its only part, unchanged.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    public static ImmutableArray<string> Split(string text, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        if (string.IsNullOrWhiteSpace(text))
        {
            return [];
        }

        if (text.Length <= limit)
        {
            return [text];
        }

        var parts = ImmutableArray.CreateBuilder<string>();
        var rest = text.AsSpan().Trim();
        while (rest.Length > limit)
        {
            var cut = Cut(rest, limit);
            parts.Add(rest[..cut].TrimEnd().ToString());
            rest = rest[cut..].TrimStart();
        }

        if (rest.Length > 0)
        {
            parts.Add(rest.ToString());
        }

        return parts.ToImmutable();
    }

    // How much of the text makes the next part. The text does not begin with a blank, so that no part is empty.
    private static int Cut(ReadOnlySpan<char> text, int limit)
    {
        var least = Math.Max(1, limit / LeastShare);

        // A cut may lie just behind the limit when what follows is a blank, which goes.
        var window = text[..(limit + 1)];
        return Paragraph(window, least) ?? Line(window, least) ?? Sentence(window, least) ?? Word(window) ?? Grapheme(text, limit);
    }

    private static int? Paragraph(ReadOnlySpan<char> window, int least)
    {
        for (var end = window.Length - 1; end >= least; end--)
        {
            if (window[end] == '\n' && IsBlankBefore(window, end))
            {
                return end;
            }
        }

        return null;
    }

    // Whether the line that ends here is blank.
    private static bool IsBlankBefore(ReadOnlySpan<char> window, int end)
    {
        for (var i = end - 1; i >= 0; i--)
        {
            if (window[i] == '\n')
            {
                return true;
            }

            if (!char.IsWhiteSpace(window[i]))
            {
                return false;
            }
        }

        return false;
    }

    private static int? Line(ReadOnlySpan<char> window, int least) => window.LastIndexOf('\n') is var end && end >= least ? end : null;

    private static int? Sentence(ReadOnlySpan<char> window, int least)
    {
        for (var end = window.Length - 1; end >= least; end--)
        {
            if (char.IsWhiteSpace(window[end]) && SentenceEnds.Contains(window[end - 1]))
            {
                return end;
            }
        }

        return null;
    }

    // Words have no least length: a word in two halves is worse than a short message.
    private static int? Word(ReadOnlySpan<char> window)
    {
        for (var end = window.Length - 1; end >= 1; end--)
        {
            if (char.IsWhiteSpace(window[end]))
            {
                return end;
            }
        }

        return null;
    }

    private static int Grapheme(ReadOnlySpan<char> text, int limit)
    {
        var cut = 0;
        while (StringInfo.GetNextTextElementLength(text[cut..]) is var length && cut + length <= limit)
        {
            cut += length;
        }

        // One character as people see it that is longer than the limit: cut between code points, or not at all.
        return cut > 0 ? cut : limit > 1 && char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit;
    }
}
