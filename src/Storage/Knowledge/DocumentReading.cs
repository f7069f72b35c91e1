using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Channels.Core.Text;

namespace Channels.Storage.Knowledge;

/// <summary>How a document is written.</summary>
public enum DocumentFormat
{
    /// <summary>Paragraphs with blank lines between them.</summary>
    Text,

    /// <summary>CommonMark with tables and task lists; headings part it.</summary>
    Markdown,
}

/// <summary>What came of reading a document. Pure. The family is closed.</summary>
public abstract partial record DocumentReading
{
    /// <summary>More than this is a collection, not a document.</summary>
    public const int MostPassages = 5000;

    private DocumentReading()
    {
    }

    /// <summary>Its passages, at least one.</summary>
    public sealed record Read(ImmutableArray<Passage> Passages) : DocumentReading;

    /// <summary>Why it cannot be kept, for its owner.</summary>
    public sealed record Refused(string Reason) : DocumentReading;

    /// <summary>Cuts a document into passages. Any text is answered, however odd.</summary>
    /// <param name="format">How it is written.</param>
    /// <param name="content">The document.</param>
    /// <param name="patience">Ends the reading of one that takes long: it is refused. Ordinary documents of a megabyte take some tenths of a second.</param>
    public static DocumentReading Of(DocumentFormat format, string content, CancellationToken patience)
    {
        var clean = Scrub.Clean(content).ReplaceLineEndings("\n");
        List<Passage>? blocks;
        try
        {
            blocks = format == DocumentFormat.Markdown ? MarkdownReader.TryRead(clean, patience) : Paragraphs(clean);
        }
        catch (OperationCanceledException)
        {
            return new Refused("takes too long to read as Markdown; divide it with blank lines or into several documents, or send it with format text.");
        }

        if (blocks is null)
        {
            return new Refused("is nested too deeply for Markdown; simplify it, or send it with format text.");
        }

        var passages = PassageCutter.Cut(blocks);
        return passages.Length switch
        {
            0 => new Refused("holds no text to answer with."),
            > MostPassages => new Refused($"makes {passages.Length} passages and may make {MostPassages}; divide it into several documents."),
            _ => new Read(passages),
        };
    }

    private static List<Passage> Paragraphs(string content) =>
        [.. BlankLines().Split(content).Where(paragraph => !string.IsNullOrWhiteSpace(paragraph)).Select(paragraph => new Passage("", paragraph.Trim()))];

    [GeneratedRegex(@"\n[^\S\n]*\n", RegexOptions.NonBacktracking)]
    private static partial Regex BlankLines();
}
