using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads the values that Meta writes in more than one way.</summary>
internal static class WhatsAppCloudValues
{
    private const int LongestName = 64;
    private const int LongestBsuid = 140;
    private const int LongestNumber = 20;

    /// <summary>A moment: seconds as text or number, now and then milliseconds.</summary>
    public static DateTimeOffset? Time(JsonElement value)
    {
        var number = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
            JsonValueKind.String when long.TryParse(value.AsText(), NumberStyles.None, CultureInfo.InvariantCulture, out var whole) => whole,
            _ => 0,
        };
        return number switch
        {
            <= 0 => null,
            < 100_000_000_000 => DateTimeOffset.FromUnixTimeSeconds(number),
            < 100_000_000_000_000 => DateTimeOffset.FromUnixTimeMilliseconds(number),
            _ => null,
        };
    }

    /// <summary>A number in digits; null for what is none.</summary>
    public static string? Digits(string? number)
    {
        var digits = number is null ? "" : string.Concat(number.Where(char.IsAsciiDigit));
        return digits.Length is > 0 and <= LongestNumber ? digits : null;
    }

    /// <summary>Whether an id is a person's within one business (<c>US.1349…</c>, <c>US.ENT.1349…</c>) and no phone number.</summary>
    public static bool IsUserId(string? id) =>
        id is { Length: > 3 and <= LongestBsuid } && char.IsAsciiLetterUpper(id[0]) && char.IsAsciiLetterUpper(id[1]) && id[2] == '.'
        && id.AsSpan(3).IndexOfAnyExcept(_userId) < 0;

    /// <summary>Whether an id is a phone number, with or without a plus sign.</summary>
    public static bool IsPhone(string? id) =>
        id is { Length: > 0 } && id.AsSpan(id[0] == '+' ? 1 : 0) is { Length: > 0 and <= LongestNumber } digits && digits.IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>Each item of an array; nothing for anything else.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement list) => list.IsArray() ? list.EnumerateArray() : [];

    /// <summary>A word of Meta's own, as it may be shown: lower case letters, digits, underscores. Null for anything else, which may be somebody's text.</summary>
    public static string? Word(string? name) =>
        name is { Length: > 0 and <= LongestName } && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '_') ? name : null;

    /// <summary>The facts that are known, by name.</summary>
    public static ImmutableDictionary<string, object?> Details(params ReadOnlySpan<(string Name, object? Value)> facts) =>
        ImmutableDictionary<string, object?>.Empty.With(facts);

    /// <summary>These facts as well, as far as they are known.</summary>
    public static ImmutableDictionary<string, object?> With(this ImmutableDictionary<string, object?> details, params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        foreach (var (name, value) in facts)
        {
            details = value is null ? details : details.SetItem(name, value);
        }

        return details;
    }

    /// <summary>Facts that belong together, in the order of their names; null when none is known.</summary>
    public static object? Group(params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        var known = ImmutableSortedDictionary.CreateBuilder<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                known[name] = value;
            }
        }

        return known.Count == 0 ? null : known.ToImmutable();
    }

    private static readonly System.Buffers.SearchValues<char> _userId =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.");
}
