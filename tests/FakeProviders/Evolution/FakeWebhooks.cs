using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Channels.FakeProviders.Evolution;

/// <summary>Posts webhooks as the gateway does: the same envelope, the instance's own headers, no signature.</summary>
public sealed class FakeWebhooks : IDisposable
{
    private static readonly JsonSerializerOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly FakeEvolution _fake;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private long _received;

    internal FakeWebhooks(FakeEvolution fake) => _fake = fake;

    /// <summary>A customer writes. Answers what our side answered.</summary>
    public Task<HttpStatusCode?> CustomerSaysAsync(FakeInstance instance, string chat, string text, string? id = null, string name = "Mira Holt")
    {
        var now = _fake.Options.Clock.GetUtcNow();
        id ??= $"3A{Interlocked.Increment(ref _received):X20}";
        _fake.Ledger.AddReceived(new FakeStored(instance.Name, chat, false, id, text, now));
        return PostAsync(instance, "messages.upsert", Message(instance, chat, fromMe: false, id, text, now, name, "DELIVERY_ACK"));
    }

    /// <summary>A receipt for a send: <c>DELIVERY_ACK, READ</c>…</summary>
    public Task<HttpStatusCode?> ReceiptAsync(FakeInstance instance, FakeSend send, string status) =>
        PostAsync(instance, "messages.update", new { keyId = send.Id, remoteJid = send.Chat, fromMe = true, status, instanceId = instance.Token, messageId = $"row{send.Number}" });

    /// <summary>Any event. Null when the instance has no webhook or nobody answered.</summary>
    public async Task<HttpStatusCode?> PostAsync(FakeInstance instance, string eventName, object? data)
    {
        if (instance.WebhookUrl is not { } url)
        {
            return null;
        }

        var body = JsonSerializer.Serialize(
            new
            {
                @event = eventName,
                instance = instance.Name,
                data,
                destination = url,
                date_time = "2026-01-01T00:00:00.000Z",
                sender = instance.OwnJid,
                server_url = _fake.Address,
                apikey = instance.Token,
            },
            _writing);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        foreach (var (name, value) in instance.WebhookHeaders)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await _http.SendAsync(request);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    internal Task<HttpStatusCode?> EchoAsync(FakeInstance instance, FakeSend send) =>
        PostAsync(instance, "send.message", Message(instance, send.Chat, fromMe: true, send.Id, send.Text, send.At, "Você", "PENDING"));

    private static object Message(FakeInstance instance, string chat, bool fromMe, string id, string text, DateTimeOffset at, string name, string status) => new
    {
        key = new { remoteJid = chat, fromMe, id },
        pushName = name,
        status,
        message = new { conversation = text },
        contextInfo = (object?)null,
        messageType = "conversation",
        messageTimestamp = at.ToUnixTimeSeconds(),
        instanceId = instance.Token,
        source = fromMe ? "web" : "android",
    };
}
