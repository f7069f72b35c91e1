using Markdig;
using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Renderers;
using Markdig.Syntax;

namespace Channels.Storage.Knowledge;

/// <summary>Lets the reading of a Markdown document be broken off. Says nothing about the document itself.</summary>
/// <remarks>
/// Some of the parser's steps take as long as their paragraph or document is: a megabyte of <c>a &lt;?</c> would keep a processor busy for minutes, and
/// with it everybody else. The parser has no limit of its own but for depth; so it is asked at each line and each mark that begins something.
/// </remarks>
internal sealed class MarkdownPatience : IMarkdownExtension
{
    /// <summary>A paragraph's definitions of links are taken off it in one step, line by line; nobody writes as many without a blank line.</summary>
    private const int MostLines = 10_000;

    private static readonly object Key = new();

    /// <summary>What the parser must be given to be broken off by <paramref name="patience"/>; it then throws <see cref="OperationCanceledException"/>.</summary>
    public static MarkdownParserContext Of(CancellationToken patience)
    {
        var context = new MarkdownParserContext();
        context.Properties[Key] = patience;
        return context;
    }

    /// <inheritdoc/>
    public void Setup(MarkdownPipelineBuilder pipeline)
    {
        pipeline.BlockParsers.Insert(0, new Lines());
        pipeline.InlineParsers.Insert(0, new Marks());
    }

    /// <inheritdoc/>
    public void Setup(MarkdownPipeline pipeline, IMarkdownRenderer renderer)
    {
        // Nothing is rendered.
    }

    private static void Check(MarkdownParserContext? context)
    {
        if (context is not null && context.Properties.TryGetValue(Key, out var patience))
        {
            ((CancellationToken)patience).ThrowIfCancellationRequested();
        }
    }

    // Without opening characters it is asked about every line.
    private sealed class Lines : BlockParser
    {
        public override BlockState TryOpen(BlockProcessor processor)
        {
            Check(processor.Context);
            return processor.CurrentBlock is ParagraphBlock { Lines.Count: > MostLines }
                ? throw new OperationCanceledException("The paragraph has too many lines.")
                : BlockState.None;
        }
    }

    private sealed class Marks : InlineParser
    {
        public Marks() => OpeningCharacters = ['<', '[', '!', '&', '`', '\\', '*', '_', '|', 'h', 'f', 'm', 't', 'w'];

        public override bool Match(InlineProcessor processor, ref StringSlice slice)
        {
            Check(processor.Context);
            return false;
        }
    }
}
