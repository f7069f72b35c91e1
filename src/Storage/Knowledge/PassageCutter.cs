using System.Collections.Immutable;

namespace Channels.Storage.Knowledge;

/// <summary>Cuts what stands under one heading into passages of some hundred characters: short paragraphs together, long ones apart.</summary>
internal static class PassageCutter
{
    // What a person reads at a glance in a chat; a paragraph of its own may be longer than what is put together.
    private const int Usual = 500;
    private const int Longest = 800;

    /// <summary>The passages of blocks in their order.</summary>
    public static ImmutableArray<Passage> Cut(IEnumerable<Passage> blocks)
    {
        var passages = ImmutableArray.CreateBuilder<Passage>();
        foreach (var block in blocks.SelectMany(Pieces))
        {
            if (passages.Count > 0 && passages[^1] is var last && last.Headings == block.Headings && last.Text.Length + block.Text.Length < Usual)
            {
                passages[^1] = last with { Text = $"{last.Text}\n\n{block.Text}" };
            }
            else
            {
                passages.Add(block);
            }
        }

        return passages.DrainToImmutable();
    }

    private static IEnumerable<Passage> Pieces(Passage block)
    {
        var text = block.Text.Trim();
        var from = 0;
        while (from < text.Length)
        {
            var length = text.Length - from > Longest ? LengthOfPiece(text.AsSpan(from, Longest)) : text.Length - from;
            if (text.AsSpan(from, length).Trim() is { IsEmpty: false } piece)
            {
                yield return block with { Text = piece.ToString() };
            }

            from += length;
        }
    }

    // To the end of a line, else of a sentence, else of a word, in the second half; else anywhere but inside a character.
    private static int LengthOfPiece(ReadOnlySpan<char> longest)
    {
        var half = longest[(Longest / 2)..];
        var end = half.LastIndexOf('\n');
        if (end < 0)
        {
            end = Math.Max(half.LastIndexOf(". "), Math.Max(half.LastIndexOf("? "), half.LastIndexOf("! ")));
        }

        if (end < 0)
        {
            end = half.LastIndexOf(' ');
        }

        return end >= 0 ? Longest / 2 + end + 1 : char.IsHighSurrogate(longest[^1]) ? Longest - 1 : Longest;
    }
}
