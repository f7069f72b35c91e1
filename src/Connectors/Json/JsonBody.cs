using System.Text.Json;
using Channels.Core.Text;

namespace Channels.Connectors.Json;

/// <summary>Reads a webhook's raw bytes as one JSON document, whatever they are.</summary>
/// <remarks>
/// <see cref="JsonDocument"/> alone parses some bodies whose strings it later cannot hand out (bytes that are no UTF-8, a lone
/// <c>\ud83d</c>) and throws only then. Such bodies are mended first (<see cref="MendedJson"/>), so that nothing behind this class can throw.
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
            return JsonDocument.Parse(MendedJson.Of(WithoutByteOrderMark(body)), _options);
        }
        catch (JsonException broken)
        {
            // The exception's own text quotes the body, which holds people's words and gateways' tokens.
            unreadable = $"not JSON from line {(broken.LineNumber ?? 0) + 1}, byte {(broken.BytePositionInLine ?? 0) + 1} on: broken, cut short or nested deeper than {MaxDepth} levels";
            return null;
        }
    }

    /// <summary>Why a document that is no object is nobody's webhook.</summary>
    public static string NoObject(JsonElement root) => root.ValueKind switch
    {
        JsonValueKind.Array => "the body is JSON, but an array instead of an object",
        JsonValueKind.String => "the body is JSON, but a string instead of an object",
        JsonValueKind.Number => "the body is JSON, but a number instead of an object",
        var word => $"the body is JSON, but {word.ToString().ToLowerInvariant()} instead of an object",
    };

    private static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
}
