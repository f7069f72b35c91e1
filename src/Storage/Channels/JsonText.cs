using System.Text.Json;

namespace Channels.Storage.Channels;

/// <summary>JSON columns.</summary>
internal static class JsonText
{
    /// <summary>The value of a text, detached from any buffer.</summary>
    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>One object with the members of both; <paramref name="over"/> wins.</summary>
    public static JsonElement Merge(JsonElement under, string? over)
    {
        if (over is null)
        {
            return under;
        }

        var merged = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in under.EnumerateObject().Concat(Parse(over).EnumerateObject()))
        {
            merged[member.Name] = member.Value;
        }

        return JsonSerializer.SerializeToElement(merged);
    }
}
