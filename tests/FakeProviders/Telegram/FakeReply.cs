using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Telegram;

/// <summary>One answer of the Bot API: a result, or an error with its words and parameters.</summary>
/// <param name="Status">Also the error's code.</param>
/// <param name="Result">Of a success.</param>
/// <param name="Description">Of an error.</param>
/// <param name="RetryAfter">Seconds to wait.</param>
/// <param name="MigrateTo">The supergroup a group has become.</param>
internal sealed record FakeReply(int Status, object? Result, string? Description = null, int? RetryAfter = null, long? MigrateTo = null)
{
    private static readonly JsonSerializerOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static FakeReply True { get; } = new(200, true);

    public static FakeReply Ok(object result) => new(200, result);

    public static FakeReply Bad(string words) => new(400, null, $"Bad Request: {words}");

    public static FakeReply Conflict(string words) => new(409, null, $"Conflict: {words}");

    public Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        http.Response.ContentType = "application/json";
        if (RetryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return http.Response.WriteAsync(JsonSerializer.Serialize(Body(), _writing), Encoding.UTF8, http.RequestAborted);
    }

    private Dictionary<string, object?> Body()
    {
        if (Description is null)
        {
            return new() { ["ok"] = true, ["result"] = Result };
        }

        var body = new Dictionary<string, object?> { ["ok"] = false, ["error_code"] = Status, ["description"] = Description };
        if (RetryAfter is { } seconds)
        {
            body["parameters"] = new { retry_after = seconds };
        }
        else if (MigrateTo is { } chat)
        {
            body["parameters"] = new { migrate_to_chat_id = chat };
        }

        return body;
    }
}
