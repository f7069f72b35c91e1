using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Channels.FakeProviders;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Running;

/// <summary>A tenant's own agent on loopback: answers, keeps silent for ever, or fails, as it is told.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private WebApplication? _app;

    private AgentServer()
    {
    }

    /// <summary>The same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>What it does with a turn. Null hangs until the caller gives up; a number is the status it answers with (202: it answers later); a text is the reply; anything else is the answer's JSON.</summary>
    public Func<AgentCall, object?> Behave { get; set; } = call => $"agent: {call.Text}";

    /// <summary>How long it thinks before it does that. Not at all by default.</summary>
    public Func<AgentCall, TimeSpan> Think { get; set; } = _ => TimeSpan.Zero;

    public ConcurrentQueue<AgentCall> Calls { get; } = new();

    public static async Task<AgentServer> StartAsync()
    {
        var server = new AgentServer();
        await server.ListenAsync(FreePorts.Next());
        return server;
    }

    /// <summary>Connections are refused until <see cref="StartAgainAsync"/>.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    public Task StartAgainAsync() => ListenAsync(Url.Port);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await StopAsync();
        _ending.Dispose();
    }

    private async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        _app = app;
        Url = new Uri(new Uri(app.Urls.Single()), "/turn");
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var turn = (await JsonSerializer.DeserializeAsync<Turn>(http.Request.Body, ChannelsClient.Json))!;
        var call = new AgentCall(turn.TurnId, turn.ConversationId, turn.Message.Text, turn.History.Count, [.. turn.History.Select(one => one.Kind)], http.Request.Headers.Authorization.ToString())
        {
            File = new(turn.Message.MediaStatus, turn.Message.MediaReason, Text(turn.Message.Media, "media_id")),
            HistoryFiles = [.. turn.History.Select(one => one.MediaStatus)],
        };
        Calls.Enqueue(call);
        if (Think(call) is { Ticks: > 0 } thinking)
        {
            await Task.Delay(thinking, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        switch (Behave(call))
        {
            case string reply:
                await http.Response.WriteAsJsonAsync(new { reply });
                break;
            case int status:
                http.Response.StatusCode = status;
                break;
            case { } answer:
                await http.Response.WriteAsJsonAsync(answer);
                break;
            case null:
                using (var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _ending.Token))
                {
                    await Task.Delay(Timeout.Infinite, either.Token).ContinueWith(_ => { }, TaskScheduler.Default);
                }

                break;
        }
    }

    private sealed record Turn(Guid TurnId, Guid ConversationId, TurnMessage Message, List<TurnMessage> History);

    private static string? Text(JsonElement? media, string name) => media is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty(name, out var value) ? value.GetString() : null;

    private sealed record TurnMessage(string? Text, string Kind, JsonElement? Media, string? MediaStatus, string? MediaReason);
}

/// <summary>One question to the agent.</summary>
internal sealed record AgentCall(Guid TurnId, Guid ConversationId, string? Text, int History, IReadOnlyList<string> HistoryKinds, string Authorization)
{
    /// <summary>What it is told of the message's file.</summary>
    public AgentCallFile File { get; init; } = new(null, null, null);

    /// <summary>The same of the earlier messages: the statuses.</summary>
    public IReadOnlyList<string?> HistoryFiles { get; init; } = [];
}

/// <summary>A file as an agent hears of it.</summary>
internal sealed record AgentCallFile(string? Status, string? Reason, string? MediaId);
