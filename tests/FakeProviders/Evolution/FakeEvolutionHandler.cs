using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Evolution;

/// <summary>Answers the gateway's calls: authentication, then one method per call.</summary>
internal sealed class FakeEvolutionHandler(FakeEvolution fake)
{
    private readonly FakeSends _sends = new(fake);
    private readonly FakeControl _control = new(fake);

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        if (path.StartsWith("/__fake/", StringComparison.Ordinal))
        {
            await _control.HandleAsync(http, path);
            return;
        }

        if (fake.KeepsCalls)
        {
            fake.Calls.Enqueue($"{http.Request.Method} {path}");
        }

        var (call, name) = Split(path);
        if (fake.Before is { } before && await before(http, call, name))
        {
            return;
        }

        if (fake.LicenceMissing)
        {
            await FakeJson.WriteAsync(http, 503, new { error = "service not activated", code = "LICENSE_REQUIRED", register_url = "https://gateway.example/manager/login", message = "..." });
            return;
        }

        fake.Instances.TryGetValue(name, out var instance);
        if (!IsAllowed(http.Request.Headers["apikey"], instance))
        {
            await FakeJson.ErrorAsync(http, 401, "Unauthorized", "Unauthorized");
            return;
        }

        using var body = await FakeJson.ReadAsync(http.Request);
        await AnswerAsync(http, call, name, instance, body?.RootElement ?? default);
    }

    private Task AnswerAsync(HttpContext http, string call, string name, FakeInstance? instance, JsonElement body)
    {
        if (call == "/instance/create")
        {
            return CreateAsync(http, body);
        }

        if (call == "/instance/fetchInstances")
        {
            return ListAsync(http);
        }

        instance ??= fake.Options.MakesInstances && name.Length > 0 ? fake.AddInstance(name) : null;
        return instance is null
            ? FakeJson.ErrorAsync(http, 404, "Not Found", new[] { $"The \"{name}\" instance does not exist" })
            : AnswerAsync(http, call, instance, body);
    }

    private Task AnswerAsync(HttpContext http, string call, FakeInstance instance, JsonElement body) => call switch
    {
        "/message/sendText" => _sends.SendTextAsync(http, instance, body),
        "/message/sendMedia" => _sends.SendContentAsync(http, instance, body, "mediaMessage", "mediatype"),
        "/message/sendWhatsAppAudio" => _sends.SendContentAsync(http, instance, body, "audioMessage", "audio"),
        "/message/sendSticker" => _sends.SendContentAsync(http, instance, body, "stickerMessage", "sticker"),
        "/message/sendLocation" => _sends.SendContentAsync(http, instance, body, "locationMessage", "latitude"),
        "/message/sendContact" => _sends.SendContentAsync(http, instance, body, "contactMessage", "contact"),
        "/message/sendReaction" => _sends.SendContentAsync(http, instance, body, "reactionMessage", "key"),
        "/instance/connectionState" => FakeJson.WriteAsync(
            http, 200, new { instance = fake.Pairing.IsStarting ? (object)new { instanceName = instance.Name } : new { instanceName = instance.Name, state = instance.State } }),
        "/instance/connect" => fake.Pairing.ConnectAsync(http, instance),
        "/instance/restart" => fake.Options.Major == 1 == HttpMethods.IsPut(http.Request.Method)
            ? fake.Pairing.RestartAsync(http, instance)
            : FakeJson.ErrorAsync(http, 404, "Not Found", new[] { $"Cannot {http.Request.Method} {call}" }),
        "/instance/logout" => fake.Pairing.LogOutAsync(http, instance),
        "/instance/delete" => fake.Pairing.DeleteAsync(http, instance),
        "/webhook/set" => SetWebhookAsync(http, instance, body),
        "/webhook/find" => FakeJson.WriteAsync(http, 200, new { enabled = instance.WebhookUrl is not null, url = instance.WebhookUrl, headers = instance.WebhookHeaders, events = instance.WebhookEvents }),
        "/chat/findMessages" => FindMessagesAsync(http, instance, body),
        "/chat/getBase64FromMediaMessage" => GiveFileAsync(http, instance, body),
        "/chat/sendPresence" => SendPresenceAsync(http, instance, body),
        "/chat/markMessageAsRead" => FakeJson.WriteAsync(http, 201, new { message = "ok", read = "success" }),
        _ => FakeJson.ErrorAsync(http, 404, "Not Found", new[] { $"Cannot {http.Request.Method} {call}" }),
    };

    // Whatever is wrong is a 400, and the words are what was thrown.
    private static Task GiveFileAsync(HttpContext http, FakeInstance instance, JsonElement body) =>
        instance.Files.TryGetValue(FakeJson.Text(FakeJson.Member(FakeJson.Member(body, "message"), "key"), "id") ?? "", out var file)
            ? FakeJson.WriteAsync(http, 201, new { mediaType = "imageMessage", fileName = "3B.jpeg", caption = "a \"base64\":\" in it", size = new { fileLength = file.Length }, mimetype = "image/jpeg", base64 = Convert.ToBase64String(file), buffer = (string?)null })
            : FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { "Message not found" });

    private Task CreateAsync(HttpContext http, JsonElement body)
    {
        var name = FakeJson.Text(body, "instanceName") ?? "";
        if (name.Length == 0)
        {
            return FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { "instance requires property \"instanceName\"" } });
        }

        var webhook = FakeJson.Member(body, "webhook");
        if (fake.Options.Major == 1 && webhook.ValueKind == JsonValueKind.Object)
        {
            return FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { "instance.webhook is not of a type(s) string" } });
        }

        if (UnknownEvent(webhook) is { } unknown)
        {
            return FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { unknown } });
        }

        var instance = new FakeInstance(name, $"token-of-{name}") { State = "connecting", Number = FakeJson.Text(body, "number") };
        if (!fake.Instances.TryAdd(name, instance))
        {
            return FakeJson.ErrorAsync(http, 403, "Forbidden", new[] { $"This name \"{name}\" is already in use." });
        }

        Point(instance, webhook);
        return CreatedAsync(http, instance);
    }

    private async Task CreatedAsync(HttpContext http, FakeInstance instance)
    {
        fake.Pairing.Open(instance);
        await fake.Pairing.PostOpeningAsync(instance);
        await FakeJson.WriteAsync(http, 201, new
        {
            instance = new { instanceName = instance.Name, instanceId = instance.Token, status = "connecting" },
            hash = fake.Options.Major == 1 ? (object)new { apikey = instance.Token } : instance.Token,
            qrcode = fake.Pairing.CodeOf(instance),
        });
    }

    private Task SetWebhookAsync(HttpContext http, FakeInstance instance, JsonElement body)
    {
        var webhook = fake.Options.Major == 1 ? body : FakeJson.Member(body, "webhook");
        var needed = fake.Options.Major == 1 ? "url" : "webhook";
        if (!body.TryGetProperty(needed, out _))
        {
            return FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { $"instance requires property \"{needed}\"" } });
        }

        if (UnknownEvent(webhook) is { } unknown)
        {
            return FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { unknown } });
        }

        Point(instance, webhook);
        return FakeJson.WriteAsync(http, 201, new { id = "wh1", url = instance.WebhookUrl, enabled = true, events = instance.WebhookEvents });
    }

    private string? UnknownEvent(JsonElement webhook) =>
        FakeJson.Member(webhook, "events") is { ValueKind: JsonValueKind.Array } events && events.EnumerateArray().Any(one => fake.Options.UnknownEvents.Contains(one.ToString()))
            ? "instance.events[0] is not one of enum values"
            : null;

    private void Point(FakeInstance instance, JsonElement webhook)
    {
        if (!Uri.TryCreate(FakeJson.Text(webhook, "url"), UriKind.Absolute, out var url))
        {
            return;
        }

        instance.WebhookUrl = url;
        instance.WebhookEvents = FakeJson.Member(webhook, "events") is { ValueKind: JsonValueKind.Array } events
            ? [.. events.EnumerateArray().Select(one => one.GetString()!)]
            : [];
        instance.WebhookHeaders = fake.Options.Major > 1 && FakeJson.Member(webhook, "headers") is { ValueKind: JsonValueKind.Object } headers
            ? headers.EnumerateObject().ToDictionary(header => header.Name, header => header.Value.ToString())
            : new Dictionary<string, string>();
    }

    private Task FindMessagesAsync(HttpContext http, FakeInstance instance, JsonElement body)
    {
        var chat = FakeJson.Text(FakeJson.Member(FakeJson.Member(body, "where"), "key"), "remoteJid");
        var size = FakeJson.Member(body, "offset") is { ValueKind: JsonValueKind.Number } offset ? offset.GetInt32() : 50;
        var number = FakeJson.Member(body, "page") is { ValueKind: JsonValueKind.Number } wanted ? wanted.GetInt32() : 1;
        var (page, total) = fake.Options.StoresMessages ? fake.Ledger.Find(instance.Name, chat, number, size) : ([], 0);
        var records = page.Select(message => new
        {
            id = $"row-{message.Id}",
            key = new { remoteJid = message.Chat, fromMe = message.FromMe, id = message.Id },
            messageType = "conversation",
            message = new { conversation = message.Text },
            messageTimestamp = message.At.ToUnixTimeSeconds(),
        });
        return fake.Options.Major == 1
            ? FakeJson.WriteAsync(http, 200, records)
            : FakeJson.WriteAsync(http, 200, new { messages = new { total, pages = ((total - 1) / Math.Max(1, size)) + 1, currentPage = number, records } });
    }

    private Task ListAsync(HttpContext http)
    {
        var name = http.Request.Query["instanceName"].ToString();
        var listed = fake.Pairing.IsStarting ? [] : fake.Instances.Values.Where(one => name.Length == 0 || one.Name == name).ToList();
        return listed.Count == 0 && name.Length > 0
            ? FakeJson.ErrorAsync(http, 404, "Not Found", new[] { $"Instance \"{name}\" not found" })
            : FakeJson.WriteAsync(http, 200, listed.Select(one => new { name = one.Name, connectionStatus = one.ConnectionStatus, ownerJid = one.OwnJid, token = one.Token }));
    }

    private async Task SendPresenceAsync(HttpContext http, FakeInstance instance, JsonElement body)
    {
        var (number, presence) = (FakeJson.Text(body, "number"), FakeJson.Text(body, "presence"));
        if (number is null || presence is null || FakeJson.Member(body, "delay") is not { ValueKind: JsonValueKind.Number } delay)
        {
            await FakeJson.ErrorAsync(http, 400, "Bad Request", new[] { new[] { "instance requires property \"number\", \"presence\" and \"delay\"" } });
            return;
        }

        fake.Presences.Enqueue(new FakePresence(instance.Name, number, presence, delay.GetInt32()));
        try
        {
            await Task.Delay(fake.HangsOnPresence ? Timeout.Infinite : delay.GetInt32(), http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The caller has seen enough.
            return;
        }

        await FakeJson.WriteAsync(http, 201, new { presence });
    }

    private bool IsAllowed(string? key, FakeInstance? instance) => key is not null && (key == fake.Options.ApiKey || key == instance?.Token);

    /// <summary><c>/message/sendText/name</c>: the call and the decoded instance.</summary>
    private static (string Call, string Name) Split(string path)
    {
        var second = path.IndexOf('/', 1);
        var third = second < 0 ? -1 : path.IndexOf('/', second + 1);
        return third < 0 ? (path, "") : (path[..third], path[(third + 1)..]);
    }
}
