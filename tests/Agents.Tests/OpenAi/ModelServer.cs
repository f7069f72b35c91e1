using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Channels.Agents.Tests.OpenAi;

/// <summary>A service on loopback that answers every path in OpenAI's shapes, and keeps what it was asked.</summary>
/// <remarks>Shapes: https://platform.openai.com/docs/api-reference/chat/object and …/docs/guides/error-codes.</remarks>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private ModelServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("{**path}", async context =>
        {
            Path = context.Request.Path;
            Interlocked.Increment(ref _calls);
            Asked = await JsonElementAsync(context);
            Headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            await Answer(context);
        });
    }

    public Func<HttpContext, Task> Answer { get; set; } = Saying("hello");

    public JsonElement Asked { get; private set; }

    public IReadOnlyDictionary<string, string> Headers { get; private set; } = new Dictionary<string, string>();

    public string? Path { get; private set; }

    public int Calls => _calls;

    public string Root => _app.Urls.First();

    public string BaseUrl => Root + "/v1";

    public static async Task<ModelServer> StartAsync()
    {
        var server = new ModelServer();
        await server._app.StartAsync();
        return server;
    }

    public static Func<HttpContext, Task> Saying(string? content, string? finish = "stop", string? refusal = null) => Json(200, new
    {
        id = "chatcmpl-1",
        @object = "chat.completion",
        created = 1_700_000_000,
        model = "gpt-test",
        choices = new[] { new { index = 0, message = new { role = "assistant", content, refusal }, logprobs = (object?)null, finish_reason = finish } },
        usage = new { prompt_tokens = 9, completion_tokens = 2, total_tokens = 11 },
    });

    /// <summary>A refusal in OpenAI's shape, whose words nobody but us may read.</summary>
    public static Func<HttpContext, Task> Refusing(int status, string? code, string message) => Json(status, new { error = new { message, type = "some_error", param = (string?)null, code } });

    public static Func<HttpContext, Task> Raw(string body) => context =>
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    };

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Func<HttpContext, Task> Json(int status, object body) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(body);
    };

    private static async Task<JsonElement> JsonElementAsync(HttpContext context)
    {
        using var asked = await JsonDocument.ParseAsync(context.Request.Body);
        return asked.RootElement.Clone();
    }
}
