using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Channels.Core.Text;

namespace Channels.Connectors.Json;

/// <summary>Finds the account's name in a webhook of a gateway's global hook, without reading the rest.</summary>
/// <remarks>
/// Runs before anything is proven, on anybody's bytes: it stops at the first member of that name at the top (gateways write it before the content), skips
/// other members without keeping them, and takes only what <see cref="JsonReading.Id(JsonElement, string)"/> would take. A second one further on changes
/// nothing: the first one found the channel, and its secret was shown.
/// </remarks>
internal static class JsonName
{
    private const int LongestEscape = 6;
    private static readonly JsonReaderOptions _options = new() { MaxDepth = JsonBody.MaxDepth };

    /// <summary>The name, or null when there is none, or no JSON object up to it.</summary>
    /// <param name="body">Anybody's bytes.</param>
    /// <param name="member">The member that holds the name.</param>
    /// <param name="inner">Where the member may be an object: its members that hold the name, the better one first.</param>
    public static string? Find(ReadOnlySpan<byte> body, string member, params string[] inner)
    {
        var reader = new Utf8JsonReader(body.StartsWith("\uFEFF"u8) ? body[3..] : body, _options);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Find(ref reader, member, inner) : null;
        }
        catch (JsonException)
        {
            // Broken or too deep before any name: the answer is the same as for no name.
            return null;
        }
    }

    private static string? Find(ref Utf8JsonReader reader, string member, string[] inner)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = IsNamed(ref reader, member);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.StartObject ? InObject(ref reader, inner) : Name(ref reader);
            }

            reader.Skip();
        }

        return null;
    }

    private static string? InObject(ref Utf8JsonReader reader, string[] names)
    {
        string? best = null;
        var rank = names.Length;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = IndexOf(ref reader, names);
            reader.Read();
            if (found >= 0 && found <= rank && Name(ref reader) is { } name)
            {
                (best, rank) = (name, found);
            }

            reader.Skip();
        }

        return best;
    }

    private static int IndexOf(ref Utf8JsonReader reader, string[] names)
    {
        for (var at = 0; at < names.Length; at++)
        {
            if (IsNamed(ref reader, names[at]))
            {
                return at;
            }
        }

        return -1;
    }

    // Whoever escapes a plain name is no gateway; unescaping could throw.
    private static bool IsNamed(ref Utf8JsonReader reader, string name) => !reader.ValueIsEscaped && reader.ValueTextEquals(name);

    private static string? Name(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        JsonTokenType.String when reader.ValueSpan.Length <= JsonReading.LongestId * LongestEscape && Utf8.IsValid(reader.ValueSpan) => Text(ref reader),
        _ => null,
    };

    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            // No channel has a name that would have to be scrubbed first.
            return reader.GetString() is { Length: > 0 and <= JsonReading.LongestId } name && ReferenceEquals(Scrub.Clean(name), name) ? name : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped.
            return null;
        }
    }
}
