using System.Globalization;
using System.Text;
using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Waha;

/// <summary>Answers the server's calls: authentication, then one method per call.</summary>
internal sealed class FakeWahaHandler(FakeWaha fake)
{
    private int _ids;

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        fake.Calls.Enqueue($"{http.Request.Method} {path}{http.Request.QueryString}");
        if (fake.Before is { } before && await before(http, path))
        {
            return;
        }

        if (!IsAllowed(http.Request.Headers))
        {
            await FakeJson.WriteAsync(http, 401, new { message = "Unauthorized", statusCode = 401 });
            return;
        }

        using var body = await FakeJson.ReadAsync(http.Request);
        await AnswerAsync(http, path.Trim('/').Split('/'), body?.RootElement ?? default);
    }

    private bool IsAllowed(IHeaderDictionary headers)
    {
        var basic = fake.Options.UserName is null ? null : $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{fake.Options.UserName}:{fake.Options.Password}"))}";
        return (fake.Options.ApiKey is null || headers["X-Api-Key"] == fake.Options.ApiKey) && (basic is null || headers.Authorization == basic);
    }

    private Task AnswerAsync(HttpContext http, string[] path, JsonElement body) => path switch
    {
        ["api", "server", "version"] => FakeJson.WriteAsync(http, 200, new { version = fake.Options.Version, engine = fake.Options.Engine, tier = "CORE" }),
        ["api", "sessions"] when HttpMethods.IsPost(http.Request.Method) => CreateAsync(http, body),
        ["api", "sessions"] => FakeJson.WriteAsync(http, 200, fake.Sessions.Values.Select(Shown)),
        ["api", "sessions", var name] => WithSessionAsync(http, name, session => OnSessionAsync(http, session, body)),
        ["api", "sessions", var name, var action] => WithSessionAsync(http, name, session => ActAsync(http, session, action)),
        ["api", "sendText" or "sendImage" or "sendVideo" or "sendVoice" or "sendFile" or "sendLocation" or "sendContactVcard"] => WithSessionAsync(http, FakeJson.Text(body, "session") ?? "default", session => SendAsync(http, session, body)),
        ["api", "reaction"] when HttpMethods.IsPut(http.Request.Method) => WithSessionAsync(http, FakeJson.Text(body, "session") ?? "default", session => ReactAsync(http, session, body)),
        ["api", "sendSeen" or "startTyping" or "stopTyping"] => FakeJson.WriteAsync(http, 201, new { result = true }),
        ["api", var name, "auth", "qr"] => WithSessionAsync(http, name, session => CodeAsync(http, session)),
        ["api", var name, "auth", "request-code"] => WithSessionAsync(http, name, session => TypedCodeAsync(http, session)),
        ["api", var name, "chats", var chat, "messages"] => WithSessionAsync(http, name, session => MessagesAsync(http, session, Uri.UnescapeDataString(chat))),
        _ => FakeJson.WriteAsync(http, 404, new { message = $"Cannot {http.Request.Method} /{string.Join('/', path)}", error = "Not Found", statusCode = 404 }),
    };

    private Task WithSessionAsync(HttpContext http, string name, Func<FakeWahaSession, Task> act) => fake.Sessions.TryGetValue(name, out var session)
        ? act(session)
        : FakeJson.WriteAsync(http, 404, new { statusCode = 404, message = $"We didn't find a session with name '{name}'.\nPlease start it first by using POST /api/sessions/{name}/start request", error = "Not Found" });

    private async Task CreateAsync(HttpContext http, JsonElement body)
    {
        var name = FakeJson.Text(body, "name") ?? "default";
        if (fake.Options.IsOldFreeBuild && name != "default")
        {
            await FakeJson.WriteAsync(http, 422, new { statusCode = 422, message = "WAHA Core support only 'default' session. The feature is available only in Plus version.", error = "Unprocessable Entity" });
            return;
        }

        if (await RefuseEventsAsync(http, body))
        {
            return;
        }

        var session = new FakeWahaSession(name) { Config = FakeJson.Member(body, "config").Clone() };
        if (!fake.Sessions.TryAdd(name, session))
        {
            await FakeJson.WriteAsync(http, 422, new { statusCode = 422, message = $"Session '{name}' already exists. Use PUT to update it.", error = "Unprocessable Entity" });
            return;
        }

        await fake.Life.StartAsync(session);
        await FakeJson.WriteAsync(http, 201, Shown(session));
    }

    private async Task OnSessionAsync(HttpContext http, FakeWahaSession session, JsonElement body)
    {
        if (HttpMethods.IsDelete(http.Request.Method))
        {
            await fake.Life.StopAsync(session);
            fake.Sessions.TryRemove(session.Name, out _);
            http.Response.StatusCode = 200;
        }
        else if (!HttpMethods.IsPut(http.Request.Method))
        {
            await FakeJson.WriteAsync(http, 200, Shown(session));
        }
        else if (!await RefuseEventsAsync(http, body))
        {
            session.Config = FakeJson.Member(body, "config").Clone();
            if (session.Status != "STOPPED")
            {
                await fake.Life.StartAsync(session);
            }

            await FakeJson.WriteAsync(http, 200, Shown(session));
        }
    }

    private async Task ActAsync(HttpContext http, FakeWahaSession session, string action)
    {
        switch (action)
        {
            case "start" when session.Status is "STOPPED":
            case "restart":
                await fake.Life.StartAsync(session);
                break;
            case "stop":
                await fake.Life.StopAsync(session);
                break;
            case "logout":
                await fake.Life.LogOutAsync(session);
                break;
        }

        await FakeJson.WriteAsync(http, 201, Shown(session));
    }

    private Task CodeAsync(HttpContext http, FakeWahaSession session)
    {
        if (session is not { Status: "SCAN_QR_CODE", Code: { } code })
        {
            return WrongStateAsync(http, session, "SCAN_QR_CODE");
        }

        if (http.Request.Query["format"] == "raw")
        {
            return fake.Options.GivesRawCodes
                ? FakeJson.WriteAsync(http, 200, new { value = code })
                : FakeJson.WriteAsync(http, 400, new { statusCode = 400, message = "format is not known", error = "Bad Request" });
        }

        var picture = Convert.FromBase64String("iVBORw0KGgo=");
        if (http.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.Ordinal))
        {
            return FakeJson.WriteAsync(http, 200, new { mimetype = "image/png", data = Convert.ToBase64String(picture) });
        }

        http.Response.ContentType = "image/png";
        return http.Response.Body.WriteAsync(picture).AsTask();
    }

    private static Task TypedCodeAsync(HttpContext http, FakeWahaSession session) => session.Status == "SCAN_QR_CODE"
        ? FakeJson.WriteAsync(http, 201, new { code = string.Create(CultureInfo.InvariantCulture, $"FAKE-{++session.TypedCodes:0000}") })
        : WrongStateAsync(http, session, "SCAN_QR_CODE");

    private async Task SendAsync(HttpContext http, FakeWahaSession session, JsonElement body)
    {
        var behaviour = fake.NextBehaviour();
        if (behaviour.FailStatus is { } status)
        {
            await FakeJson.WriteRawAsync(http, status, behaviour.FailBody);
            return;
        }

        if (session.Status != "WORKING")
        {
            await WrongStateAsync(http, session, "WORKING");
            return;
        }

        if (FakeJson.Text(body, "chatId") is not { } chat)
        {
            await FakeJson.WriteAsync(http, 500, new { statusCode = 500, exception = new { message = "Cannot read properties of undefined (reading 'includes')" } });
            return;
        }

        var chosen = string.CompareOrdinal(fake.Options.Version, "2026.4.3") >= 0 ? FakeJson.Text(body, "id") : null;
        var send = new FakeWahaMessage(
            session.Name, chat, true, chosen ?? $"3EB0{Interlocked.Increment(ref _ids):X18}", FakeJson.Text(body, "text") ?? FakeJson.Text(body, "caption") ?? "", FakeJson.Text(body, "reply_to"), fake.Options.Clock.GetUtcNow())
        {
            Call = http.Request.Path.Value!.Split('/')[^1], Body = body.Clone(),
        };
        fake.Messages.Enqueue(send);
        await AnswerSendAsync(http, session, send, behaviour);
    }

    private async Task AnswerSendAsync(HttpContext http, FakeWahaSession session, FakeWahaMessage send, FakeWahaBehaviour behaviour)
    {
        if (behaviour.AcceptThenReset)
        {
            http.Abort();
            return;
        }

        if (behaviour.Echo)
        {
            await fake.Webhooks.EchoAsync(session, send);
        }

        if (behaviour.AcceptThenHang)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        var full = FakeWahaWebhooks.FullId(send);
        await FakeJson.WriteAsync(http, 201, fake.Options.Engine switch
        {
            "GOWS" => new { id = full, _data = new { Info = new { Chat = send.ChatId, IsFromMe = true, ID = send.Id } } },
            "WEBJS" => new { id = new { fromMe = true, remote = send.ChatId, id = send.Id, _serialized = full }, ack = 0 },
            _ => (object)new { key = new { remoteJid = send.ChatId, fromMe = true, id = send.Id }, messageTimestamp = send.At.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), status = "PENDING" },
        });
    }

    private Task ReactAsync(HttpContext http, FakeWahaSession session, JsonElement body)
    {
        var id = $"3EB0{Interlocked.Increment(ref _ids):X18}";
        fake.Messages.Enqueue(new FakeWahaMessage(session.Name, "", true, id, FakeJson.Text(body, "reaction") ?? "", null, fake.Options.Clock.GetUtcNow()) { Call = "reaction", Body = body.Clone() });
        return FakeJson.WriteAsync(http, 200, fake.Options.Engine == "WEBJS" ? true : new { key = new { id, fromMe = true } });
    }

    private Task MessagesAsync(HttpContext http, FakeWahaSession session, string chat)
    {
        var limit = int.Parse(http.Request.Query["limit"].ToString() is { Length: > 0 } given ? given : "10", CultureInfo.InvariantCulture);
        var found = fake.Options.StoresMessages ? fake.Messages.Where(message => message.Session == session.Name && message.ChatId == chat).Reverse().Take(limit) : [];
        return FakeJson.WriteAsync(http, 200, found.Select(message => FakeWahaWebhooks.Payload(message, "app", 1, "SERVER")));
    }

    private async Task<bool> RefuseEventsAsync(HttpContext http, JsonElement body)
    {
        var unknown = FakeJson.Member(FakeJson.Member(body, "config"), "webhooks") is { ValueKind: JsonValueKind.Array } webhooks
                      && webhooks.EnumerateArray().Any(webhook => webhook.GetProperty("events").EnumerateArray().Any(one => fake.Options.UnknownEvents.Contains(one.GetString()!)));
        if (unknown)
        {
            await FakeJson.WriteAsync(http, 400, new { statusCode = 400, message = new[] { "each value in events must be one of the following values" }, error = "Bad Request" });
        }

        return unknown;
    }

    private static Task WrongStateAsync(HttpContext http, FakeWahaSession session, string expected) => FakeJson.WriteAsync(
        http, 422, new { error = "Session status is not as expected. Try again later or restart the session", session = session.Name, status = session.Status, expected = new[] { expected } });

    private static object Shown(FakeWahaSession session) => new
    {
        name = session.Name,
        status = session.Status,
        config = session.Config,
        me = session.Status == "WORKING" && session.Number is { } number ? new { id = $"{number}@c.us", pushName = "Fake shop" } : null,
    };
}
