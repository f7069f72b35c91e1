using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Channels.FakeProviders.Waha;

/// <summary>Posts webhooks as the server does: to every webhook of the session that wants the event, signed, with the headers it was given.</summary>
public sealed class FakeWahaWebhooks : IDisposable
{
    private static readonly JsonSerializerOptions _writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly FakeWaha _fake;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private long _posted;
    private long _received;

    internal FakeWahaWebhooks(FakeWaha fake) => _fake = fake;

    /// <summary>Where the events of all sessions go besides, and the key they are signed with. Null for nowhere.</summary>
    public (Uri Url, string Key)? Global { get; set; }

    /// <summary>A customer writes. Answers what our side answered.</summary>
    public Task<HttpStatusCode?> CustomerSaysAsync(FakeWahaSession session, string number, string text, string? id = null)
    {
        var now = _fake.Options.Clock.GetUtcNow();
        id ??= $"3A{Interlocked.Increment(ref _received):X18}";
        var message = new FakeWahaMessage(session.Name, $"{number}@c.us", false, id, text, null, now);
        _fake.Messages.Enqueue(message);
        return PostAsync(session, "message.any", Payload(message, "app", 2, "DEVICE"));
    }

    /// <summary>A receipt for a send: <c>DEVICE, READ</c>…</summary>
    public Task<HttpStatusCode?> ReceiptAsync(FakeWahaSession session, FakeWahaMessage send, int ack, string name) =>
        PostAsync(session, "message.ack", new { id = FullId(send), from = send.ChatId, fromMe = true, ack, ackName = name });

    /// <summary>Any event. The worst answer; null when nobody was asked or answered.</summary>
    public async Task<HttpStatusCode?> PostAsync(FakeWahaSession session, string eventName, object? payload)
    {
        HttpStatusCode? worst = null;
        foreach (var webhook in session.Webhooks)
        {
            if (webhook.TryGetProperty("events", out var events) && events.EnumerateArray().Any(one => one.GetString() is "*" || one.GetString() == eventName))
            {
                var answer = await PostAsync(session, webhook, eventName, payload);
                worst = worst > answer ? worst : answer;
            }
        }

        if (Global is { } global)
        {
            var answer = await PostAsync(session, global.Url, global.Key, [], eventName, payload);
            worst = worst > answer ? worst : answer;
        }

        return worst;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    internal Task<HttpStatusCode?> EchoAsync(FakeWahaSession session, FakeWahaMessage send) => PostAsync(session, "message.any", Payload(send, "api", 0, "PENDING"));

    internal static string FullId(FakeWahaMessage message) => $"{(message.FromMe ? "true" : "false")}_{message.ChatId}_{message.Id}";

    internal static object Payload(FakeWahaMessage message, string source, int ack, string ackName) => new
    {
        id = FullId(message),
        timestamp = message.At.ToUnixTimeSeconds(),
        from = message.ChatId,
        fromMe = message.FromMe,
        source,
        body = message.Text,
        hasMedia = false,
        media = (object?)null,
        ack,
        ackName,
        replyTo = (object?)null,
        _data = new
        {
            key = new { remoteJid = message.ChatId.Replace("@c.us", "@s.whatsapp.net", StringComparison.Ordinal), fromMe = message.FromMe, id = message.Id },
            messageTimestamp = message.At.ToUnixTimeSeconds(),
            pushName = message.FromMe ? null : "Mira Holt",
            message = new { conversation = message.Text },
        },
    };

    private Task<HttpStatusCode?> PostAsync(FakeWahaSession session, JsonElement webhook, string eventName, object? payload)
    {
        var key = !_fake.Options.IsOldFreeBuild && webhook.TryGetProperty("hmac", out var hmac) && hmac.ValueKind == JsonValueKind.Object ? hmac.GetProperty("key").GetString() : null;
        var headers = webhook.TryGetProperty("customHeaders", out var given) && given.ValueKind == JsonValueKind.Array
            ? given.EnumerateArray().Select(header => (header.GetProperty("name").GetString()!, header.GetProperty("value").GetString()!)).ToArray()
            : [];
        return PostAsync(session, new Uri(webhook.GetProperty("url").GetString()!), key, headers, eventName, payload);
    }

    private async Task<HttpStatusCode?> PostAsync(
        FakeWahaSession session, Uri url, string? key, (string Name, string Value)[] headers, string eventName, object? payload)
    {
        var now = _fake.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id = string.Create(CultureInfo.InvariantCulture, $"evt_{Interlocked.Increment(ref _posted):00000000000000000000000000}"),
                timestamp = now,
                @event = eventName,
                session = session.Name,
                me = session.Status == "WORKING" && session.Number is { } number ? new { id = $"{number}@c.us", pushName = "Fake shop" } : null,
                payload,
                engine = _fake.Options.Engine,
                environment = new { version = _fake.Options.Version, engine = _fake.Options.Engine, tier = "CORE" },
            },
            _writing);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("X-Webhook-Timestamp", now.ToString(CultureInfo.InvariantCulture));
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Webhook-Hmac", Convert.ToHexStringLower(HMACSHA512.HashData(Encoding.UTF8.GetBytes(key), body)));
            request.Headers.TryAddWithoutValidation("X-Webhook-Hmac-Algorithm", "sha512");
        }

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
}
