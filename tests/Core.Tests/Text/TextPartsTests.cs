using System.Globalization;
using System.Text;
using Channels.Core.Text;

namespace Channels.Core.Tests.Text;

public sealed class TextPartsTests
{
    [Theory]
    [InlineData("short", 5)]
    [InlineData("  kept as it is \n", 100)]
    public void A_text_within_the_limit_is_its_only_part_unchanged(string text, int limit) => Assert.Equal(text, Assert.Single(TextParts.Split(text, limit)));

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t ")]
    public void Blanks_are_no_message(string text) => Assert.Empty(TextParts.Split(text, 1));

    [Theory]
    [InlineData("One. Two.\nThree.\n\nFour five.", 20, "One. Two.\nThree.|Four five.")]
    [InlineData("One. Two.\nThree. Four five.", 20, "One. Two.|Three. Four five.")]
    [InlineData("One two. Three four five.", 20, "One two.|Three four five.")]
    [InlineData("one two three four five", 10, "one two|three four|five")]
    [InlineData("a veryveryverylongword here", 10, "a|veryveryve|rylongword|here")]
    [InlineData("abcdefghij", 4, "abcd|efgh|ij")]
    [InlineData("exactly ten", 7, "exactly|ten")]
    public void It_is_cut_at_the_best_place_there_is(string text, int limit, string parts) => Assert.Equal(parts.Split('|'), TextParts.Split(text, limit));

    [Fact]
    public void A_better_place_that_would_leave_a_crumb_is_passed_over() =>
        Assert.Equal(["Hi.\n\nThis goes on for a", "while and more."], TextParts.Split("Hi.\n\nThis goes on for a while and more.", 24).ToArray());

    [Fact]
    public void The_blank_line_between_paragraphs_may_hold_blanks() =>
        Assert.Equal(["first paragraph", "second one"], TextParts.Split("first paragraph\r\n \r\nsecond one", 22).ToArray());

    [Theory]
    [InlineData("👍👍👍", 3, "👍|👍|👍")]
    [InlineData("ab👨‍👩‍👧‍👦cd", 5, "ab|👨‍👩‍👧|‍👦cd")]
    [InlineData("ab👨‍👩‍👧‍👦cd", 12, "ab|👨‍👩‍👧‍👦c|d")]
    [InlineData("aéé", 3, "aé|é")]
    public void What_people_see_as_one_character_stays_whole_where_it_fits(string text, int limit, string parts)
    {
        var split = TextParts.Split(text, limit);

        Assert.All(split, part => Assert.Equal(part, Scrub.Clean(part)));
        Assert.Equal(string.Concat(parts.Split('|')), string.Concat(split));
        if (limit >= 11)
        {
            Assert.Equal(text[2..13], split.Single(part => part.Contains('\u200d', StringComparison.Ordinal))[..11]);
        }
    }

    [Fact]
    public void Whatever_the_text_and_limit_no_part_is_empty_too_long_or_broken_and_nothing_but_blanks_is_lost()
    {
        var random = new Random(7);
        string[] pieces = ["a", "word", " ", "  ", "\n", "\n\n", ". ", "! ", "é", "e\u0301", "👍", "👨‍👩‍👧‍👦", "🇩🇪", "。", "漢字", "\t", "\u00a0"];
        for (var round = 0; round < 4000; round++)
        {
            var text = new StringBuilder().AppendJoin("", Enumerable.Range(0, random.Next(1, 60)).Select(_ => pieces[random.Next(pieces.Length)])).ToString();
            var limit = random.Next(1, 40);

            var parts = TextParts.Split(text, limit);

            Assert.All(parts, part => Assert.InRange(part.Length, 1, limit));
            Assert.All(parts, part => Assert.False(string.IsNullOrWhiteSpace(part)));
            Assert.Equal(Solid(text), Solid(string.Concat(parts)));
            if (limit >= 11)
            {
                Assert.All(parts.Skip(1), part => Assert.True(StartsWhole(part), $"round {round}: a part begins inside a character"));
            }
        }
    }

    [Fact]
    public void No_limit_is_below_one() => Assert.Throws<ArgumentOutOfRangeException>(() => TextParts.Split("text", 0));

    private static string Solid(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    // A part that begins with a joiner, a mark or half a pair was torn off its character.
    private static bool StartsWhole(string part) =>
        !char.IsLowSurrogate(part[0]) && part[0] != '\u200d' && CharUnicodeInfo.GetUnicodeCategory(part, 0) != UnicodeCategory.NonSpacingMark;
}
