using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Proof;

/// <summary>The gateway of <c>samples/SmsGate</c>, a kind that is none of the product's own: keeps what it was asked to send, and posts what contacts write.</summary>
internal sealed class SmsGateway : IAsyncDisposable
{
    public const string Kind = "sms_gate";

    private const string Secret = "the-secret-of-the-sms-gateway";
    private const string ApiKey = "the-key-of-the-sms-gateway";

    private readonly HttpClient _http = new();
    private readonly ConcurrentQueue<FakeSend> _sends = new();
    private readonly WebApplication _app;

    private SmsGateway()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(TakeAsync);
    }

    /// <summary>In the order they were asked for.</summary>
    public IReadOnlyList<FakeSend> Sends => [.. _sends];

    public static async Task<SmsGateway> StartAsync()
    {
        var gateway = new SmsGateway();
        await gateway._app.StartAsync();
        return gateway;
    }

    /// <summary>A channel of it, switched on. The product must have loaded the kind.</summary>
    public async Task<Channel> ChannelAsync(Stage stage, string name)
    {
        stage.KeepSecret(Secret, ApiKey);
        return await stage.Tenant.CreateChannelAsync(new
        {
            name, channel_type = Kind, webhook_secret = Secret, config = new { base_url = _app.Urls.Single(), api_key = ApiKey }, agent = new { kind = "echo" }, activate = true,
        });
    }

    /// <summary>Somebody who writes with the bodies that are made of the id and the text.</summary>
    public Writer Contact(Channel channel, string number, Func<string, string, object> body) =>
        new(number, channel, null, (id, text) => PostAsync(channel, JsonSerializer.SerializeToUtf8Bytes(body(id, text))));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task<Answer> PostAsync(Channel channel, byte[] body)
    {
        using var webhook = new HttpRequestMessage(HttpMethod.Post, channel.WebhookUrl) { Content = new ByteArrayContent(body) };
        webhook.Headers.Add("X-Gate-Secret", Secret);
        using var answer = await _http.SendAsync(webhook);
        return new Answer(answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Content.Headers.ContentType?.MediaType, answer.Headers.RetryAfter?.ToString());
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var asked = await JsonDocument.ParseAsync(http.Request.Body);
        var (to, text) = (asked.RootElement.GetProperty("to").GetString()!, asked.RootElement.GetProperty("text").GetString()!);
        var now = TimeProvider.System.GetUtcNow();
        var id = $"gate-{asked.RootElement.GetProperty("reference").GetString()}";
        _sends.Enqueue(new FakeSend(_sends.Count, id, Kind, to, text, null, now, now));
        await http.Response.WriteAsJsonAsync(new { id });
    }
}
