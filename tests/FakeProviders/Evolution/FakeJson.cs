using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Evolution;

/// <summary>Reads and writes the fake's bodies.</summary>
internal static class FakeJson
{
    private static readonly JsonSerializerOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions _writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null when there is no body or it is no JSON.</summary>
    public static async Task<JsonDocument?> ReadAsync(HttpRequest request)
    {
        // No length is not no body: it may come in chunks.
        if (request.ContentLength is 0 || HttpMethods.IsGet(request.Method))
        {
            return null;
        }

        try
        {
            return await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static JsonElement Member(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value : default;

    public static string? Text(JsonElement body, string name) =>
        Member(body, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static Task WriteAsync(HttpContext http, int status, object body) => WriteRawAsync(http, status, JsonSerializer.Serialize(body, _writing));

    /// <summary>The gateway's error shape; <paramref name="message"/> may be a text, an array, arrays in arrays, or objects.</summary>
    public static Task ErrorAsync(HttpContext http, int status, string error, object message) =>
        WriteAsync(http, status, new { status, error, response = new { message } });

    public static Task WriteRawAsync(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(body, Encoding.UTF8);
    }

    /// <summary>The answer to a send, written without reflection: it is the one that benches ask for thousands of times a second.</summary>
    public static async Task SentAsync(HttpContext http, FakeInstance instance, FakeSend send)
    {
        http.Response.StatusCode = 201;
        http.Response.ContentType = "application/json; charset=utf-8";
        using (var writer = new Utf8JsonWriter(http.Response.BodyWriter, _writer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("key");
            writer.WriteString("remoteJid", send.Chat);
            writer.WriteBoolean("fromMe", true);
            writer.WriteString("id", send.Id);
            writer.WriteEndObject();
            writer.WriteString("pushName", "Você");
            writer.WriteString("status", "PENDING");
            writer.WriteStartObject("message");
            writer.WriteString("conversation", send.Text);
            writer.WriteEndObject();
            writer.WriteNull("contextInfo");
            writer.WriteString("messageType", "conversation");
            writer.WriteNumber("messageTimestamp", send.At.ToUnixTimeSeconds());
            writer.WriteString("instanceId", instance.Token);
            writer.WriteString("source", "web");
            writer.WriteEndObject();
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
