using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Telegram;

/// <summary>What a call was given, whichever of the four ways it came: in the address, as form, as multipart form, or as JSON. Values are JSON or plain text.</summary>
internal sealed class FakeArguments(Dictionary<string, string> values)
{
    public IReadOnlyDictionary<string, string> All => values;

    /// <summary>A text; of JSON the text itself.</summary>
    public string? Text(string name) => values.GetValueOrDefault(name);

    public long? Whole(string name) => long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public bool Flag(string name) => Text(name) is "true" or "True" or "1";

    /// <summary>A structure; undefined when it is none.</summary>
    public JsonElement Json(string name)
    {
        try
        {
            return Text(name) is { } text ? JsonSerializer.Deserialize<JsonElement>(text) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }

    public static async Task<FakeArguments> ReadAsync(HttpRequest request)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Query)
        {
            values[name] = value.ToString();
        }

        if (request.HasFormContentType)
        {
            var form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
            foreach (var (name, value) in form)
            {
                values[name] = value.ToString();
            }

            foreach (var file in form.Files)
            {
                values[file.Name] = $"attach:{NameOf(file)}:{file.Length.ToString(CultureInfo.InvariantCulture)}";
            }
        }
        else if (request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true && request.ContentLength is not 0)
        {
            using var document = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
            Add(values, document.RootElement);
        }

        return new FakeArguments(values);
    }

    public static FakeArguments Of(JsonElement json)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(values, json);
        return new FakeArguments(values);
    }

    /// <summary>As the real server reads it: the header is cut at every semicolon, also in quotes, and <c>filename</c> alone counts, undecoded.</summary>
    private static string NameOf(IFormFile file) =>
        file.ContentDisposition.Split(';').Select(part => part.Trim()).Where(part => part.StartsWith("filename=", StringComparison.Ordinal)).Select(part => part[9..].Trim('"')).FirstOrDefault() ?? "";

    private static void Add(Dictionary<string, string> values, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in json.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                values[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            }
        }
    }
}
