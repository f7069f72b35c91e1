using System.Text;
using Markdig.Extensions.Tables;
using Markdig.Extensions.TaskLists;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Channels.Storage.Knowledge;

/// <summary>Says a piece of Markdown as a chat shows it: no marks, links with their address behind them, lists and tables line by line.</summary>
internal static class MarkdownText
{
    /// <summary>The text of a block, trimmed; empty for what says nothing (a rule, a comment, a link's definition).</summary>
    public static string Of(Block block) => block switch
    {
        YamlFrontMatterBlock or LinkReferenceDefinition or ThematicBreakBlock => "",
        Table table => Lines(table.OfType<TableRow>().Select(row => string.Join(" | ", row.Select(Of)))),
        ListBlock list => Lines(list.OfType<ListItemBlock>().Select((item, at) => Item(Mark(list, item, at), Of(item)))),
        HtmlBlock html => WithoutTags(html.Lines.ToString()),
        CodeBlock code => code.Lines.ToString().Trim('\r', '\n').TrimEnd(),
        LeafBlock leaf => Trimmed(leaf.Inline),
        ContainerBlock container => Lines(container.Select(Of)),
        _ => "",
    };

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Where(line => line.Length > 0));

    private static string Mark(ListBlock list, ListItemBlock item, int at) => list.IsOrdered ? $"{(item.Order > 0 ? item.Order : at + 1)}. " : "- ";

    // What stands below an item's first line keeps its place below it.
    private static string Item(string mark, string text) => text.Length == 0 ? "" : mark + text.Replace("\n", "\n  ", StringComparison.Ordinal);

    private static string Trimmed(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        Append(inlines, text);
        return text.ToString().Trim();
    }

    private static void Append(ContainerInline? inlines, StringBuilder text)
    {
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            switch (inline)
            {
                case LiteralInline literal:
                    text.Append(literal.Content.AsSpan());
                    break;
                case LineBreakInline line:
                    text.Append(line.IsHard ? '\n' : ' ');
                    break;
                case CodeInline code:
                    text.Append(code.Content);
                    break;
                case AutolinkInline link:
                    text.Append(link.Url);
                    break;
                case HtmlEntityInline entity:
                    text.Append(entity.Transcoded.AsSpan());
                    break;
                case HtmlInline html when html.Tag.StartsWith("<br", StringComparison.OrdinalIgnoreCase):
                    text.Append('\n');
                    break;
                case TaskList task:
                    text.Append(task.Checked ? "[x]" : "[ ]");
                    break;
                case LinkInline link:
                    Append(link, text, link.Url);
                    break;
                case ContainerInline container:
                    Append(container, text);
                    break;
            }
        }
    }

    // An address that means something outside the document stays readable; one that its text already says is not said twice.
    private static void Append(LinkInline link, StringBuilder text, string? url)
    {
        var from = text.Length;
        Append((ContainerInline)link, text);
        var address = url is null ? ""
            : url.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) ? url[7..]
            : url.StartsWith("tel:", StringComparison.OrdinalIgnoreCase) ? url[4..]
            : url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? url
            : "";
        var said = text.ToString(from, text.Length - from);
        if (address.Length > 0 && !said.Contains(address, StringComparison.OrdinalIgnoreCase))
        {
            text.Append(said.Length > 0 ? $" ({address})" : address);
        }
    }

    private static string WithoutTags(string html)
    {
        var text = new StringBuilder();
        var from = 0;
        while (from < html.Length)
        {
            var tag = html.IndexOf('<', from);
            text.Append(html.AsSpan(from, (tag < 0 ? html.Length : tag) - from));
            if (tag < 0)
            {
                break;
            }

            var comment = html.AsSpan(tag).StartsWith("<!--");
            var end = html.IndexOf(comment ? "-->" : ">", tag, StringComparison.Ordinal);
            from = end < 0 ? html.Length : end + (comment ? 3 : 1);
        }

        return System.Net.WebUtility.HtmlDecode(text.ToString()).Trim();
    }
}
