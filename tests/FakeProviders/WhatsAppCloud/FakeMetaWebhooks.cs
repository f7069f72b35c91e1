using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Channels.FakeProviders.WhatsAppCloud;

/// <summary>Posts webhooks as Meta does: the escaped bytes, signed with the app's secret, to the number's own address or the app's.</summary>
public sealed class FakeMetaWebhooks : IDisposable
{
    private readonly FakeMeta _fake;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
    private long _received;

    internal FakeMetaWebhooks(FakeMeta fake) => _fake = fake;

    /// <summary>The app's address: where everything goes that no number has another for.</summary>
    public Uri? AppUrl { get; set; }

    /// <summary>A customer writes. Answers what our side answered; null when nobody did.</summary>
    public Task<HttpStatusCode?> CustomerSaysAsync(FakeNumber number, string customer, string text, string? id = null, string? userId = null, string name = "Mira Holt") =>
        PostAsync(number.WebhookOverride, Body(Message(number, customer, text, id, userId, name)));

    /// <summary>What became of a send: <c>sent, delivered, read</c>, or <c>failed</c> with Meta's code.</summary>
    public Task<HttpStatusCode?> StatusAsync(FakeNumber number, FakeMetaSend send, string status, int? code = null) =>
        PostAsync(number.WebhookOverride, Body(Status(number, send, status, code)));

    /// <summary>The change that brings a customer's message, for bodies that hold several. A customer who is named by the user id has a user name and tells no number.</summary>
    public object Message(FakeNumber number, string customer, string text, string? id = null, string? userId = null, string name = "Mira Holt", DateTimeOffset? at = null)
    {
        userId ??= $"GB.1{customer}";
        id ??= $"wamid.IN{Interlocked.Increment(ref _received):X16}==";
        var timestamp = at is { } moment ? moment.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) : Now();
        var (contact, message) = customer == userId
            ? ((object)new { profile = new { name, username = "@mira" }, user_id = userId }, (object)new { id, timestamp, type = "text", from_user_id = userId, text = new { body = text } })
            : (new { profile = new { name }, wa_id = customer, user_id = userId }, new { from = customer, id, timestamp, type = "text", from_user_id = userId, text = new { body = text } });
        return Change(number, "messages", new Dictionary<string, object?> { ["contacts"] = new[] { contact }, ["messages"] = new[] { message } });
    }

    /// <summary>The change that brings a status.</summary>
    public object Status(FakeNumber number, FakeMetaSend send, string status, int? code = null) => Change(number, "messages", new Dictionary<string, object?>
    {
        ["statuses"] = new object[]
        {
            new Dictionary<string, object?>
            {
                ["id"] = send.Id, ["status"] = status, ["timestamp"] = Now(), ["recipient_id"] = send.To.TrimStart('+'), ["biz_opaque_callback_data"] = send.Callback,
                ["errors"] = code is null ? null : new[] { new { code, title = "scripted", error_data = new { details = "scripted failure" } } },
            }.Where(member => member.Value is not null).ToDictionary(),
        },
    });

    /// <summary>A body of these changes, each with the business account it belongs to.</summary>
    public static byte[] Body(params ReadOnlySpan<object> changes)
    {
        var entries = new List<object>();
        foreach (var change in changes)
        {
            var (account, content) = ((string, object))change;
            entries.Add(new { id = account, changes = new[] { content } });
        }

        return Escaped(JsonSerializer.Serialize(new { @object = "whatsapp_business_account", entry = entries }));
    }

    /// <summary>The header that proves these bytes.</summary>
    public string Sign(byte[] body) =>
        $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_fake.Options.AppSecret), body))}";

    /// <summary>Posts these bytes, signed; to the app's address unless another is given.</summary>
    public async Task<HttpStatusCode?> PostAsync(Uri? url, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url ?? AppUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TryAddWithoutValidation("X-Hub-Signature-256", Sign(body));
        request.Headers.TryAddWithoutValidation("User-Agent", "facebookexternalua");
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

    /// <summary>Asks an address whether it is ours: true when it repeats the challenge.</summary>
    public async Task<bool> ShakeHandsAsync(Uri url, string verifyToken)
    {
        var challenge = RandomNumberGenerator.GetInt32(1_000_000, int.MaxValue).ToString(CultureInfo.InvariantCulture);
        try
        {
            using var response = await _http.GetAsync(new Uri($"{url}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={Uri.EscapeDataString(verifyToken)}"));
            return response.StatusCode == HttpStatusCode.OK && await response.Content.ReadAsStringAsync() == challenge;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The change that brings an error of the number as a whole.</summary>
    public static object Error(FakeNumber number, int code) => Change(number, "messages", new Dictionary<string, object?>
    {
        ["errors"] = new[] { new { code, title = "scripted", message = "scripted", error_data = new { details = "scripted failure" } } },
    });

    /// <summary>The change that gives a chat to our app.</summary>
    public static object ControlPassed(FakeNumber number, string customer, DateTimeOffset at) => Change(number, "messaging_handovers", new Dictionary<string, object?>
    {
        ["recipient"] = new { display_phone_number = number.DisplayNumber, phone_number_id = number.Id },
        ["sender"] = new { phone_number = customer },
        ["timestamp"] = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        ["type"] = "control_passed",
        ["control_passed"] = new { previous_owner_app_role = "meta_business_agent", new_owner_app_role = "business_app" },
    });

    /// <summary>The change that tells, in the chat itself, the new user id of somebody whose number is not shared.</summary>
    public object UserIdChanged(FakeNumber number, string before, string after) => Change(number, "messages", new Dictionary<string, object?>
    {
        ["messages"] = new[]
        {
            new
            {
                id = $"wamid.IN{Interlocked.Increment(ref _received):X16}==", timestamp = Now(), type = "system",
                system = new { type = "user_changed_user_id", body = "changed", user_id = after, previous_user_id = before },
            },
        },
    });

    /// <summary>The change that tells what went through the API, whoever's program sent it.</summary>
    public object SentByApi(FakeNumber number, string customer, string id, string text) => Change(number, "message_echoes", new Dictionary<string, object?>
    {
        ["message_echoes"] = new[] { new { id, from = number.DisplayNumber, to = customer, timestamp = Now(), type = "text", text = new { body = text } } },
    });

    /// <summary>The change by which WhatsApp tells, in the chat itself, that somebody has another number.</summary>
    public object NumberChanged(FakeNumber number, string before, string after) => Change(number, "messages", new Dictionary<string, object?>
    {
        ["messages"] = new[]
        {
            new { id = $"wamid.IN{Interlocked.Increment(ref _received):X16}==", from = before, timestamp = Now(), type = "system", system = new { type = "user_changed_number", body = "changed", wa_id = after } },
        },
    });

    /// <summary>A body of one change that says when it was sent.</summary>
    public static byte[] BodyAt(object change, DateTimeOffset at)
    {
        var (account, content) = ((string, object))change;
        return Escaped(JsonSerializer.Serialize(new { @object = "whatsapp_business_account", entry = new[] { new { id = account, time = at.ToUnixTimeSeconds(), changes = new[] { content } } } }));
    }

    private static object Change(FakeNumber number, string field, Dictionary<string, object?> value)
    {
        value["messaging_product"] = "whatsapp";
        value["metadata"] = new { display_phone_number = number.DisplayNumber, phone_number_id = number.Id };
        return (number.BusinessAccount, (object)new { value, field });
    }

    private string Now() => _fake.Options.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    // Lower-case hex and an escaped slash: .NET writes the one differently and the other not at all.
    private static byte[] Escaped(string json)
    {
        var text = new StringBuilder(json.Length + 64);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '\\' && i + 5 < json.Length && json[i + 1] == 'u')
            {
                text.Append(json.AsSpan(i, 6).ToString().ToLowerInvariant());
                i += 5;
            }
            else if (json[i] == '\\')
            {
                text.Append(json[i]).Append(json[++i]);
            }
            else
            {
                text.Append(json[i] == '/' ? "\\/" : json[i].ToString());
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
