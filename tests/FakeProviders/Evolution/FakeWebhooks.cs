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

    /// <summary>Where the events of all instances go besides, as the gateway's own configuration says: without any headers. Null for nowhere.</summary>
    public Uri? GlobalUrl { get; set; }

    /// <summary>Whether the event's name follows that address (<c>…/messages-upsert</c>).</summary>
    public bool GlobalByEvents { get; set; }

    /// <summary>Any event, to the instance's own webhook and to the global one. The worse answer of both; null when there is neither or nobody answered.</summary>
    public async Task<HttpStatusCode?> PostAsync(FakeInstance instance, string eventName, object? data)
    {
        var own = instance.WebhookUrl is { } url ? await PostAsync(instance, url, instance.WebhookHeaders, eventName, data) : null;
        if (GlobalUrl is not { } global)
        {
            return own;
        }

        var everybodys = GlobalByEvents ? new Uri($"{global}/{eventName.Replace('.', '-')}") : global;
        var answer = await PostAsync(instance, everybodys, new Dictionary<string, string>(), eventName, data);
        return own > answer ? own : answer;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    internal Task<HttpStatusCode?> EchoAsync(FakeInstance instance, FakeSend send) =>
        PostAsync(instance, "send.message", Message(instance, send.Chat, fromMe: true, send.Id, send.Text, send.At, "Você", "PENDING"));

    private async Task<HttpStatusCode?> PostAsync(FakeInstance instance, Uri url, IReadOnlyDictionary<string, string> headers, string eventName, object? data)
    {
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
        foreach (var (name, value) in headers)
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
