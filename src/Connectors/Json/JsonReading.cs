using System.Globalization;
using System.Text.Json;
using Channels.Core.Text;

namespace Channels.Connectors.Json;

/// <summary>Reads fields of provider JSON without ever throwing: what is absent or of another type is null.</summary>
internal static class JsonReading
{
    /// <summary>Longest id, jid or name of an event that we take. Longer ones fit no index and come from no provider.</summary>
    public const int LongestId = 256;

    /// <summary>The member, or an <see cref="JsonValueKind.Undefined"/> element when there is none or this is no object.</summary>
    public static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>The first of these members that is present and not null.</summary>
    public static JsonElement Member(this JsonElement element, string name, string otherName)
    {
        var value = element.Member(name);
        return value.IsNothing() ? element.Member(otherName) : value;
    }

    public static bool IsNothing(this JsonElement element) => element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    public static bool IsObject(this JsonElement element) => element.ValueKind == JsonValueKind.Object;

    public static bool IsArray(this JsonElement element) => element.ValueKind == JsonValueKind.Array;

    /// <summary>A text member, scrubbed; null when it is absent or no text.</summary>
    public static string? Text(this JsonElement element, string name) => element.Member(name).AsText();

    /// <summary>As <see cref="Text"/>, but null also for an empty text.</summary>
    public static string? Filled(this JsonElement element, string name) => element.Text(name) is { Length: > 0 } text ? text : null;

    /// <summary>An id: text, or a whole number as text. Null when absent, empty or longer than <see cref="LongestId"/>.</summary>
    public static string? Id(this JsonElement element, string name)
    {
        var member = element.Member(name);
        var id = member.ValueKind switch
        {
            JsonValueKind.String => member.AsText(),
            JsonValueKind.Number when member.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
        return id is { Length: > 0 and <= LongestId } ? id : null;
    }

    /// <summary>As <see cref="Id(JsonElement, string)"/>, under the second name where the first has none.</summary>
    public static string? Id(this JsonElement element, string name, string otherName) => element.Id(name) ?? element.Id(otherName);

    /// <summary>True or false, also as 1, 0, "true" or "false".</summary>
    public static bool? Flag(this JsonElement element, string name)
    {
        var member = element.Member(name);
        return member.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number when member.TryGetInt32(out var number) => number != 0,
            JsonValueKind.String when bool.TryParse(member.AsText(), out var flag) => flag,
            _ => null,
        };
    }

    /// <summary>A finite number, also as text.</summary>
    public static double? Number(this JsonElement element, string name)
    {
        var member = element.Member(name);
        var number = member.ValueKind switch
        {
            JsonValueKind.Number when member.TryGetDouble(out var value) => value,
            JsonValueKind.String when double.TryParse(member.AsText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) => value,
            _ => double.NaN,
        };
        return double.IsFinite(number) ? number : null;
    }

    public static string? AsText(this JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? Scrub.CleanOrNull(element.GetString()) : null;
}
