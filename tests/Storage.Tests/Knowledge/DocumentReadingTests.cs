using Channels.Storage.Knowledge;

namespace Channels.Storage.Tests.Knowledge;

public sealed class DocumentReadingTests
{
    [Fact]
    public void A_passage_knows_the_headings_above_it()
    {
        var passages = Markdown("""
            Welcome.

            # Delivery
            We deliver daily.

            ## Abroad
            Only to Spain.

            # Payment
            By card.
            """);

        Assert.Equal<Passage>(
            [new("", "Welcome."), new("Delivery", "We deliver daily."), new("Delivery › Abroad", "Only to Spain."), new("Payment", "By card.")],
            passages);
    }

    [Theory]
    [InlineData("**Bold**, *slanted*, `code` and ~~tilde~~", "Bold, slanted, code and ~~tilde~~")]
    [InlineData("See [our page](https://shop.example/a).", "See our page (https://shop.example/a).")]
    [InlineData("See <https://shop.example> or https://shop.example/b", "See https://shop.example or https://shop.example/b")]
    [InlineData("[https://shop.example](https://shop.example) and [below](#below)", "https://shop.example and below")]
    [InlineData("[Write](mailto:a@shop.example), [call](tel:+5511999)", "Write (a@shop.example), call (+5511999)")]
    [InlineData("![The menu](https://shop.example/m.png)", "The menu (https://shop.example/m.png)")]
    [InlineData("- one\n- two\n  - inner\n\n1. first\n2. second", "- one\n- two\n  - inner\n\n1. first\n2. second")]
    [InlineData("3. third\n4. fourth", "3. third\n4. fourth")]
    [InlineData("| Day | Open |\n|---|---|\n| Monday | 9 |", "Day | Open\nMonday | 9")]
    [InlineData("> said\n> again", "said again")]
    [InlineData("one  \ntwo\nthree", "one\ntwo three")]
    [InlineData("a<br>b <b>c</b> &amp; &eacute;", "a\nb c & é")]
    [InlineData("<div>\n<p>Kept &lt;words&gt;</p>\n</div>", "Kept <words>")]
    [InlineData("before\n\n<!-- a <b> note -->\n\n***\n\nafter", "before\n\nafter")]
    [InlineData("---\nauthor: me\n---\nafter", "after")]
    [InlineData("```js\nlet a = 1;\n  let b;\n```", "let a = 1;\n  let b;")]
    [InlineData("- [x] done\n- [ ] open", "- [x] done\n- [ ] open")]
    [InlineData("[a]\n\n[a]: https://shop.example/a", "a (https://shop.example/a)")]
    public void Markdown_is_said_as_a_chat_shows_it(string markdown, string said) => Assert.Equal(said, Assert.Single(Markdown(markdown)).Text);

    [Fact]
    public void Plain_text_is_parted_at_blank_lines_and_left_as_it_is()
    {
        var passages = Read(DocumentFormat.Text, $"# one *two*\r\nthree\r\n \r\n{new string('x', 498)}\n\nfour");

        Assert.Equal<Passage>([new("", "# one *two*\nthree"), new("", new string('x', 498)), new("", "four")], passages);
    }

    [Fact]
    public void Short_paragraphs_stay_together_and_long_ones_are_cut_at_sentences()
    {
        var sentence = new string('a', 98) + ". ";

        var passages = Read(DocumentFormat.Text, $"short\n\nshort too\n\n{string.Concat(Enumerable.Repeat(sentence, 30))}");

        Assert.Equal("short\n\nshort too", passages[0].Text);
        Assert.All(passages.Skip(1), passage => Assert.True(passage.Text.Length <= 800 && passage.Text.EndsWith('.'), passage.Text));
        Assert.Equal(30 * 98, passages.Skip(1).Sum(passage => passage.Text.Count(letter => letter == 'a')));
    }

    [Fact]
    public void No_character_is_cut_in_two() =>
        Assert.All(Read(DocumentFormat.Text, "x" + string.Concat(Enumerable.Repeat("🌸", 2000))), passage => Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(passage.Text))));

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\n")]
    [InlineData("# Only\n\n## headings")]
    [InlineData("\0\0")]
    public void A_document_without_text_is_refused(string content) => Refused(content, "no text");

    [Fact]
    public void One_with_too_many_passages_is_refused() => Refused(string.Concat(Enumerable.Range(0, 5001).Select(at => $"# h{at}\nx\n")), "5001");

    [Fact]
    public void One_nested_deeper_than_anybody_writes_is_refused() => Refused(new string('>', 5000) + " x", "too deeply");

    // One megabyte of each: what takes a parser longest must not take it long.
    [Theory]
    [InlineData("[")]
    [InlineData("![")]
    [InlineData("*a_ ")]
    [InlineData("**x")]
    [InlineData("`")]
    [InlineData("`a``b```")]
    [InlineData("<!--")]
    [InlineData("<a ")]
    [InlineData("&#")]
    [InlineData("| ")]
    [InlineData("- ")]
    [InlineData("- a\n")]
    [InlineData("|a|b\n")]
    [InlineData("](")]
    [InlineData("[a](b)")]
    [InlineData("\\")]
    [InlineData("http://a")]
    [InlineData("\ud800")]
    [InlineData("# ")]
    [InlineData("> a\n")]
    [InlineData("\n \n")]
    [InlineData("http://a.b ")]
    [InlineData("www.a.b ")]
    [InlineData("a <?")]
    [InlineData("a <![CDATA[")]
    [InlineData("[a]: u\n")]
    [InlineData("a\n=\n")]
    public void Any_text_is_answered(string piece)
    {
        var content = string.Concat(Enumerable.Repeat(piece, 1_000_000 / piece.Length));
        var started = TimeProvider.System.GetTimestamp();

        foreach (var format in new[] { DocumentFormat.Markdown, DocumentFormat.Text })
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            Assert.True(DocumentReading.Of(format, content, patience.Token) is DocumentReading.Refused or DocumentReading.Read { Passages.Length: > 0 });
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 30);
    }

    [Fact]
    public void One_that_takes_longer_to_read_than_it_may_is_refused_and_as_text_it_is_read()
    {
        var over = new CancellationToken(canceled: true);

        var refused = Assert.IsType<DocumentReading.Refused>(DocumentReading.Of(DocumentFormat.Markdown, "# a\nb", over));

        Assert.Contains("takes too long", refused.Reason, StringComparison.Ordinal);
        Assert.IsType<DocumentReading.Read>(DocumentReading.Of(DocumentFormat.Text, "# a\nb", over));
        Refused(string.Concat(Enumerable.Repeat("[a]: u\n", 20_000)), "takes too long");
    }

    private static Passage[] Markdown(string content) => Read(DocumentFormat.Markdown, content);

    private static Passage[] Read(DocumentFormat format, string content) =>
        [.. Assert.IsType<DocumentReading.Read>(DocumentReading.Of(format, content, default)).Passages];

    private static void Refused(string content, string reason) =>
        Assert.Contains(reason, Assert.IsType<DocumentReading.Refused>(DocumentReading.Of(DocumentFormat.Markdown, content, default)).Reason, StringComparison.Ordinal);
}
