using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Channels.Connectors.Json;

/// <summary>Reads a webhook's raw bytes as one JSON document, whatever they are.</summary>
/// <remarks>
/// <see cref="JsonDocument"/> alone parses some bodies whose strings it later cannot hand out (bytes that are no UTF-8, a lone
/// <c>\ud83d</c>) and throws only then. Such bodies are mended first, in one pass, so that nothing behind this class can throw.
/// A clean body is not copied.
/// </remarks>
internal static class JsonBody
{
    /// <summary>Deeper bodies are nobody's message; the limit keeps the parser's stack and time bounded.</summary>
    public const int MaxDepth = 256;

    private static readonly JsonDocumentOptions _options = new() { MaxDepth = MaxDepth };

    /// <summary>The document, or null and <paramref name="unreadable"/> with the reason in plain words. The caller disposes it.</summary>
    public static JsonDocument? TryRead(ReadOnlyMemory<byte> body, out string unreadable)
    {
        unreadable = "";
        if (body.IsEmpty)
        {
            unreadable = "the body is empty";
            return null;
        }

        try
        {
            return JsonDocument.Parse(Mended(WithoutByteOrderMark(body)), _options);
        }
        catch (JsonException broken)
        {
            // The exception's own text quotes the body, which holds people's words and gateways' tokens.
            unreadable = $"not JSON from line {(broken.LineNumber ?? 0) + 1}, byte {(broken.BytePositionInLine ?? 0) + 1} on: broken, cut short or nested deeper than {MaxDepth} levels";
            return null;
        }
    }

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;

    /// <summary>The body as it is, or a copy in which every text can be handed out.</summary>
    public static ReadOnlyMemory<byte> Mended(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));
        }

        byte[]? copy = null;
        for (var at = NextEscape(body.Span, 0); at >= 0;)
        {
            var high = Surrogate(body.Span, at);
            if (high is null)
            {
                at = NextEscape(body.Span, at + 2);
                continue;
            }

            if (high is < 0xDC00 && Surrogate(body.Span, at + 6) is >= 0xDC00)
            {
                at = NextEscape(body.Span, at + 12);
                continue;
            }

            copy ??= body.ToArray();
            "\\ufffd"u8.CopyTo(copy.AsSpan(at));
            at = NextEscape(body.Span, at + 6);
        }

        return copy ?? body;
    }

    private static int NextEscape(ReadOnlySpan<byte> body, int from)
    {
        if (from >= body.Length)
        {
            return -1;
        }

        var found = body[from..].IndexOf((byte)'\\');
        return found < 0 ? -1 : from + found;
    }

    /// <summary>The code unit of an escape <c>\uD800…\uDFFF</c> that starts here, else null.</summary>
    private static int? Surrogate(ReadOnlySpan<byte> body, int at)
    {
        if (at + 6 > body.Length || body[at] != '\\' || body[at + 1] != 'u' || (body[at + 2] | 0x20) != 'd')
        {
            return null;
        }

        var unit = 0xD;
        for (var i = at + 3; i < at + 6; i++)
        {
            if (!char.IsAsciiHexDigit((char)body[i]))
            {
                return null;
            }

            unit = (unit << 4) | (body[i] <= '9' ? body[i] - '0' : (body[i] | 0x20) - 'a' + 10);
        }

        return unit is >= 0xD800 and <= 0xDFFF ? unit : null;
    }
}
