using System.Text.Json;

namespace Channels.Cli.Api;

/// <summary>Reads the server's answers without trusting them: what is missing or of another type is null or empty.</summary>
internal static class JsonReading
{
    /// <summary>A member, or an undefined element.</summary>
    public static JsonElement Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A text, or null.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    /// <summary>Whether a member is <c>true</c>.</summary>
    public static bool IsTrue(this JsonElement element, string name) => element.Member(name).ValueKind == JsonValueKind.True;

    /// <summary>A whole number, or null.</summary>
    public static long? Number(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    /// <summary>Whether a member is an array.</summary>
    public static bool HasItems(this JsonElement element, string name) => element.Member(name).ValueKind == JsonValueKind.Array;

    /// <summary>An array's items, or none.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
}
