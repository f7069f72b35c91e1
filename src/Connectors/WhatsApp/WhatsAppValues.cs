using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;

namespace Channels.Connectors.WhatsApp;

/// <summary>The one tolerant reader for WhatsApp's protobuf values as gateways print them in JSON.</summary>
/// <remarks>
/// Every gateway version prints them differently: 64-bit numbers as numbers, texts or <c>{low,high,unsigned}</c>; bytes as base64,
/// arrays or <c>{"0":11,"1":48}</c>; enums by name or number; times in seconds, milliseconds or with a fraction.
/// </remarks>
internal static class WhatsAppValues
{
    private const int LongestChecksum = 64;

    /// <summary>A whole number in any of its spellings.</summary>
    public static long? Integer(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole,
        JsonValueKind.Number when value.TryGetDouble(out var fraction) => Whole(fraction),
        JsonValueKind.String when value.AsText() is { Length: > 0 and < 64 } text => FromText(text),
        JsonValueKind.Object => FromParts(value),
        _ => null,
    };

    /// <summary>A moment, cut to WhatsApp's own precision of seconds, whichever unit the gateway gave.</summary>
    public static DateTimeOffset? Time(JsonElement value)
    {
        if (Integer(value) is { } number)
        {
            return FromEpoch(number);
        }

        return value.AsText() is { Length: > 0 and < 64 } text
               && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment)
            ? FromEpoch(moment.ToUnixTimeSeconds())
            : null;
    }

    /// <summary>A checksum as base64.</summary>
    public static string? Base64(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.AsText() is { Length: > 0 and <= 2 * LongestChecksum } text ? text : null,
        JsonValueKind.Array => FromArray(value),
        JsonValueKind.Object when value.Member("data") is { ValueKind: JsonValueKind.Array or JsonValueKind.String } data => Base64(data),
        JsonValueKind.Object => FromIndexObject(value),
        _ => null,
    };

    private static long? Whole(double number) => number is > -9e18 and < 9e18 ? (long)number : null;

    private static long? FromText(string text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var whole) ? whole
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction) ? Whole(fraction)
        : null;

    private static long? FromParts(JsonElement value) =>
        value.Number("low") is { } low && value.Number("high") is { } high && Whole(low) is { } lowBits && Whole(high) is { } highBits
            ? (highBits << 32) | (uint)lowBits
            : null;

    private static DateTimeOffset? FromEpoch(long number)
    {
        var seconds = number switch
        {
            >= 1_000_000_000_000_000_000 => number / 1_000_000_000,
            >= 1_000_000_000_000_000 => number / 1_000_000,
            >= 1_000_000_000_000 => number / 1_000,
            _ => number,
        };
        return seconds is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    private static string? FromArray(JsonElement value)
    {
        var length = value.GetArrayLength();
        if (length is 0 or > LongestChecksum)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[LongestChecksum];
        var at = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetByte(out bytes[at++]))
            {
                return null;
            }
        }

        return Convert.ToBase64String(bytes[..at]);
    }

    private static string? FromIndexObject(JsonElement value)
    {
        Span<byte> bytes = stackalloc byte[LongestChecksum];
        var length = 0;
        foreach (var item in value.EnumerateObject())
        {
            // The order of an object's members is not promised, so the name says where the byte belongs.
            if (!int.TryParse(item.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || at >= LongestChecksum
                || item.Value.ValueKind != JsonValueKind.Number || !item.Value.TryGetByte(out bytes[at]))
            {
                return null;
            }

            length = Math.Max(length, at + 1);
        }

        return length == 0 ? null : Convert.ToBase64String(bytes[..length]);
    }
}
