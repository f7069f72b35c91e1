using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Cli.Tests.Host;

/// <summary>A server on loopback that answers as the API does: bearer keys, JSON, problem details. What it says to a path is scripted; it keeps what it was asked.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    public const string Key = "chk_a-key-that-nobody-must-see-0815";

    private readonly ConcurrentDictionary<string, ConcurrentQueue<Reply>> _replies = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Call> _calls = new();
    private WebApplication _app = null!;

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<Call> Calls => [.. _calls];

    public static async Task<FakeApi> StartAsync()
    {
        var api = new FakeApi();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        api._app = builder.Build();
        api._app.Run(api.AnswerAsync);
        await api._app.StartAsync();
        api.Address = new Uri(api._app.Urls.Single());
        return api;
    }

    /// <summary>What it answers to a path, in this order; the last again and again.</summary>
    public FakeApi On(string methodAndPath, params Reply[] replies)
    {
        _replies[methodAndPath] = new(replies);
        return this;
    }

    public FakeApi On(string methodAndPath, object body) => On(methodAndPath, Reply.Ok(body));

    public IEnumerable<Call> CallsOf(string methodAndPath) => Calls.Where(call => $"{call.Method} {call.Path}" == methodAndPath);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var call = new Call(
            http.Request.Method, http.Request.Path, http.Request.QueryString.ToString(), http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), []);
        var reply = call.Path.StartsWith("/api", StringComparison.Ordinal) && call.Header("Authorization") != $"Bearer {Key}"
            ? Reply.Problem(401, "unauthenticated", "No valid key was presented", remedy: "Send Authorization: Bearer followed by a key that has not been revoked.")
            : Next($"{call.Method} {call.Path}");
        using var body = new MemoryStream();
        if (!reply.IsEarly)
        {
            await http.Request.Body.CopyToAsync(body);
        }

        _calls.Enqueue(call with { Content = body.ToArray() });
        if (reply.Breaks)
        {
            http.Abort();
            return;
        }

        if (reply.IsSilent)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await Task.Delay(reply.After);
        reply.Meanwhile?.Invoke();
        http.Response.StatusCode = reply.Status;
        http.Response.ContentType = reply.ContentType;
        foreach (var (name, value) in reply.Headers)
        {
            http.Response.Headers[name] = value;
        }

        await http.Response.WriteAsync(reply.Body);
    }

    private Reply Next(string question) =>
        !_replies.TryGetValue(question, out var queue) ? Reply.Problem(404, "not_found", "There is no such thing here", remedy: "Check the path and the id; it may have been deleted.")
        : queue.Count > 1 && queue.TryDequeue(out var next) ? next
        : queue.TryPeek(out var last) ? last
        : throw new InvalidOperationException($"{question} is scripted without replies.");
}

/// <summary>What it was asked.</summary>
internal sealed record Call(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Content)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Content);

    /// <summary>Fails unless exactly this was sent, whatever the order of its members.</summary>
    public void Sent(string json) => Assert.True(JsonElement.DeepEquals(JsonSerializer.Deserialize<JsonElement>(json), Json), $"expected {json}, sent {Json}");

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>What it answers.</summary>
internal sealed record Reply(int Status, string Body, string ContentType = "application/json")
{
    public bool Breaks { get; init; }

    /// <summary>The connection stays, and nothing ever comes.</summary>
    public bool IsSilent { get; init; }

    /// <summary>How long it takes.</summary>
    public TimeSpan After { get; init; }

    /// <summary>What happens elsewhere while it is about to answer.</summary>
    public Action? Meanwhile { get; init; }

    /// <summary>It is answered before its body is read, as by a server that sees in the length that it is too long.</summary>
    public bool IsEarly { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection breaks without an answer.</summary>
    public static Reply Broken { get; } = new(0, "") { Breaks = true };

    /// <summary>No answer ever comes.</summary>
    public static Reply Silent { get; } = new(0, "") { IsSilent = true };

    public static Reply Ok(object body, int status = 200) => new(status, body as string ?? JsonSerializer.Serialize(body));

    public static Reply Problem(int status, string code, string title, string? detail = null, string? remedy = null, string? cursor = null, params object[] errors) => new(
        status,
        JsonSerializer.Serialize(new { type = $"/docs#error-{code}", title, status, code, detail, remedy, errors = errors.Length == 0 ? null : errors, cursor }),
        "application/problem+json");
}
