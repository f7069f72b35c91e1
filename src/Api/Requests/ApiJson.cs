using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Channels.Api.Requests;

/// <summary>How this API writes and reads JSON: snake_case, times in ISO 8601, letters of all scripts as they are.</summary>
internal static class ApiJson
{
    /// <summary>Deep enough for anything meant seriously.</summary>
    public const int MaxDepth = 64;

    public static JsonSerializerOptions Options { get; } = Made();

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.MaxDepth = MaxDepth;
        options.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        options.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        options.PropertyNameCaseInsensitive = false;
    }

    private static JsonSerializerOptions Made()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        Configure(options);
        options.MakeReadOnly();
        return options;
    }
}
