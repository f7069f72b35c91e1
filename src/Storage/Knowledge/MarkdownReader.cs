using Markdig;
using Markdig.Syntax;

namespace Channels.Storage.Knowledge;

/// <summary>Reads a Markdown document as blocks of plain text, each with the headings above it.</summary>
internal static class MarkdownReader
{
    private const string Between = " › ";
    private const int LongestHeading = 200;

    private static readonly MarkdownPipeline _pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().UsePipeTables().UseAutoLinks().UseTaskLists()
        .Use<MarkdownPatience>().Build();

    /// <summary>The blocks in their order. Null when the document is nested deeper than anybody writes.</summary>
    /// <exception cref="OperationCanceledException">It took longer than <paramref name="patience"/>, or would.</exception>
    public static List<Passage>? TryRead(string content, CancellationToken patience)
    {
        MarkdownDocument document;
        try
        {
            document = Markdown.Parse(content, _pipeline, MarkdownPatience.Of(patience));
        }
        catch (ArgumentException)
        {
            // The parser's own word for too deep nesting.
            return null;
        }

        var headings = new SortedDictionary<int, string>();
        var blocks = new List<Passage>();
        foreach (var block in document)
        {
            if (block is HeadingBlock heading)
            {
                foreach (var inner in headings.Keys.Where(level => level >= heading.Level).ToArray())
                {
                    headings.Remove(inner);
                }

                headings[heading.Level] = Shortened(MarkdownText.Of(heading).ReplaceLineEndings(" "));
            }
            else if (MarkdownText.Of(block) is { Length: > 0 } text)
            {
                blocks.Add(new(string.Join(Between, headings.Values.Where(name => name.Length > 0)), text));
            }
        }

        return blocks;
    }

    private static string Shortened(string heading) =>
        heading.Length <= LongestHeading ? heading : heading[..(char.IsHighSurrogate(heading[LongestHeading - 1]) ? LongestHeading - 1 : LongestHeading)];
}
