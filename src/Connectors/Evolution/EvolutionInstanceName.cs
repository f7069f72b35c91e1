using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Channels.Connectors.Json;
using Channels.Core.Text;

namespace Channels.Connectors.Evolution;

/// <summary>Finds the instance's name in a webhook of the gateway's global hook, without reading the rest.</summary>
/// <remarks>
/// Runs before anything is proven, on anybody's bytes: it stops at the first <c>instance</c> (the gateway writes it second, before the content), skips
/// other members without keeping them, and takes only what <see cref="EvolutionEnvelope"/> would take. A second <c>instance</c> further on changes
/// nothing: the first one found the channel, and its secret was shown.
/// </remarks>
internal static class EvolutionInstanceName
{
    public const string Member = "instance";

    private const int LongestEscape = 6;
    private static readonly JsonReaderOptions _options = new() { MaxDepth = JsonBody.MaxDepth };

    /// <summary>The name, or null when there is none, or no JSON object up to it.</summary>
    public static string? Find(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body.StartsWith("\uFEFF"u8) ? body[3..] : body, _options);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Find(ref reader) : null;
        }
        catch (JsonException)
        {
            // Broken or too deep before any name: the answer is the same as for no name.
            return null;
        }
    }

    private static string? Find(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = IsNamed(ref reader, "instance"u8);
            reader.Read();
            if (found)
            {
                return reader.TokenType == JsonTokenType.StartObject ? InObject(ref reader) : Name(ref reader);
            }

            reader.Skip();
        }

        return null;
    }

    /// <summary>Some events carry the whole instance.</summary>
    private static string? InObject(ref Utf8JsonReader reader)
    {
        string? first = null, second = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isFirst, isSecond) = (IsNamed(ref reader, "instanceName"u8), IsNamed(ref reader, "name"u8));
            reader.Read();
            if (isFirst)
            {
                first = Name(ref reader);
            }
            else if (isSecond)
            {
                second = Name(ref reader);
            }

            reader.Skip();
        }

        return first ?? second;
    }

    // Whoever escapes a plain name is no gateway; unescaping could throw.
    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => !reader.ValueIsEscaped && reader.ValueTextEquals(name);

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
