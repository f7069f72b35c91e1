using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.WhatsAppCloud;

/// <summary>Answers calls to the Graph API: token, object, then one method per call.</summary>
internal sealed class FakeMetaHandler(FakeMeta fake)
{
    private const string Unsupported = "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation.";

    public async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        fake.Calls.Enqueue($"{http.Request.Method} {path}{http.Request.QueryString}");
        if (http.Request.Headers.Authorization != $"Bearer {fake.Options.AccessToken}")
        {
            await ErrorAsync(http, 401, 190, "Error validating access token");
            return;
        }

        // /v23.0/<object>[/<list>]
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["files", var fileId] && fake.Files.TryGetValue(fileId, out var stored))
        {
            http.Response.ContentType = stored.Mime;
            await http.Response.Body.WriteAsync(stored.Bytes);
            return;
        }

        if (parts is [_, var uploader, "media"] && fake.Numbers.ContainsKey(uploader))
        {
            await UploadAsync(http);
            return;
        }
        if (parts.Length is < 2 or > 3 || parts[0].Length < 2 || parts[0][0] != 'v')
        {
            await ErrorAsync(http, 400, 100, Unsupported);
            return;
        }

        using var body = await FakeJson.ReadAsync(http.Request);
        var content = body?.RootElement ?? default;
        if (body is not null)
        {
            fake.Bodies.Enqueue(content.GetRawText());
        }

        await AnswerAsync(http, parts[1], parts.Length == 3 ? parts[2] : "", content);
    }

    private Task AnswerAsync(HttpContext http, string id, string list, JsonElement body)
    {
        var number = fake.Numbers.GetValueOrDefault(id);
        var isAccount = fake.Numbers.Values.Any(one => one.BusinessAccount == id);
        return (http.Request.Method, list) switch
        {
            ("POST", "messages") when number is not null => FakeJson.Text(body, "status") == "read" ? MarkAsync(http, body) : SendAsync(http, number, body),
            ("GET", "") when number is not null => ShowAsync(http, number),
            ("GET", "") when fake.Files.TryGetValue(id, out var file) => FakeJson.WriteAsync(
                http, 200, new { messaging_product = "whatsapp", url = new Uri(fake.Address, $"/files/{id}"), mime_type = file.Mime, file_size = file.Bytes.Length, id }),
            ("POST", "") when number is not null => PointAsync(http, number, body),
            ("POST", "subscribed_apps") when isAccount => SubscribeAsync(http, id),
            ("GET", "subscribed_apps") when isAccount => FakeJson.WriteAsync(
                http, 200, new { data = fake.Subscribed.ContainsKey(id) ? new object[] { new { whatsapp_business_api_data = new { id = "1", name = "app" } } } : [] }),
            ("GET", "phone_numbers") when isAccount => FakeJson.WriteAsync(
                http, 200, new { data = fake.Numbers.Values.Where(one => one.BusinessAccount == id).Select(one => new { id = one.Id, display_phone_number = $"+{one.DisplayNumber}" }) }),
            _ => ErrorAsync(http, 400, 100, Unsupported, subcode: 33),
        };
    }

    private static Task ShowAsync(HttpContext http, FakeNumber number)
    {
        http.Response.Headers["X-Business-Use-Case-Usage"] = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            [number.BusinessAccount] = new[] { new { type = "whatsapp", call_count = number.UsedPercent, total_cputime = 1, total_time = 1, estimated_time_to_regain_access = 0 } },
        });
        return number.ReadsFail is { } failure ? ErrorAsync(http, failure.Status, failure.Code, "scripted failure")
            : number.UnknownField is { } unknown && http.Request.Query["fields"].ToString().Split(',').Contains(unknown)
                ? ErrorAsync(http, 400, 100, $"(#100) Tried accessing nonexisting field ({unknown})")
            : FakeJson.WriteAsync(http, 200, new
            {
                id = number.Id, display_phone_number = $"+{number.DisplayNumber}", verified_name = "Harbour Shop", status = number.Status, quality_rating = number.Quality,
                platform_type = "CLOUD_API", throughput = new { level = "STANDARD" }, name_status = number.NameStatus, whatsapp_business_manager_messaging_limit = "TIER_2K",
                health_status = new
                {
                    can_send_message = number.CanSend,
                    entities = new[]
                    {
                        new
                        {
                            entity_type = "PHONE_NUMBER", id = number.Id, can_send_message = number.CanSend,
                            errors = number.CanSend == "AVAILABLE" ? [] : new[] { new { error_code = 141010, error_description = "There is an issue with the payment method.", possible_solution = "Add one" } },
                        },
                    },
                },
                webhook_configuration = new { application = "https://app.example/", phone_number = number.WebhookOverride },
            });
    }

    private async Task SendAsync(HttpContext http, FakeNumber number, JsonElement body)
    {
        var behaviour = fake.NextBehaviour();
        if (behaviour.FailStatus is { } status)
        {
            await (behaviour.FailCode is { } code ? ErrorAsync(http, status, code, "scripted failure") : FakeJson.WriteRawAsync(http, status, "<html>trouble</html>"));
            return;
        }

        if (Complaint(number, body) is { } complaint)
        {
            await ErrorAsync(http, 400, complaint.Code, complaint.Words);
            return;
        }

        var (to, isUserId) = (FakeJson.Text(body, "to"), FakeJson.Text(body, "to") is null);
        to ??= FakeJson.Text(body, "recipient")!;

        // A user id in "to" is taken, and lost without a word.
        var send = !isUserId && to.Contains('.', StringComparison.Ordinal)
            ? new FakeMetaSend(0, "wamid.LOST", number.Id, to, "lost", null, null, null, fake.Options.Clock.GetUtcNow())
            : fake.Ledger.Add(
                number.Id, to, FakeJson.Text(body, "type")!, FakeJson.Text(FakeJson.Member(body, "text"), "body"),
                FakeJson.Text(FakeJson.Member(body, "context"), "message_id"), FakeJson.Text(body, "biz_opaque_callback_data"), fake.Options.Clock.GetUtcNow());
        if (behaviour.AcceptThenReset)
        {
            http.Abort();
            return;
        }

        if (behaviour.BeforeAnswer is { } before)
        {
            await before(send);
        }

        if (behaviour.AcceptThenHang)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        var contact = isUserId ? (object)new { input = to, user_id = to } : new { input = to, wa_id = to.TrimStart('+') };
        await FakeJson.WriteAsync(http, 200, new { messaging_product = "whatsapp", contacts = new[] { contact }, messages = new[] { new { id = send.Id } } });
    }

    private (int Code, string Words)? Complaint(FakeNumber number, JsonElement body)
    {
        var type = FakeJson.Text(body, "type") ?? "text";
        var to = FakeJson.Text(body, "to");
        return FakeJson.Text(body, "messaging_product") != "whatsapp" ? (100, "(#100) The parameter messaging_product is required.")
            : number.Status != "CONNECTED" ? (133010, "(#133010) Account not registered")
            : to is null && FakeJson.Text(body, "recipient") is null ? (131008, "(#131008) Required parameter is missing: to")
            : to is not null && fake.Options.UnknownNumbers.Contains(to) ? (131026, "(#131026) Message undeliverable")
            : FakeJson.Member(body, type).ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) ? (100, $"(#100) The parameter {type} is required.")
            : type == "text" && FakeJson.Text(FakeJson.Member(body, "text"), "body") is not { Length: > 0 and <= 4096 } ? (100, "(#100) Param text['body'] must be at most 4096 characters long.")
            : null;
    }

    private async Task UploadAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        fake.Forms.Enqueue(form.Select(field => (field.Key, $"{field.Value}")).Concat(form.Files.Select(part => (part.Name, part.FileName))).ToDictionary());
        if (form["messaging_product"] != "whatsapp" || form.Files.GetFile("file") is not { } file)
        {
            await ErrorAsync(http, 400, 100, "(#100) The parameter file is required.");
            return;
        }

        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes);
        await FakeJson.WriteAsync(http, 200, new { id = fake.AddFile(bytes.ToArray(), form["type"].ToString()) });
    }

    private Task MarkAsync(HttpContext http, JsonElement body)
    {
        if (FakeJson.Text(body, "message_id") is not { } id)
        {
            return ErrorAsync(http, 400, 131009, "(#131009) Parameter value is not valid");
        }

        fake.Reads.Enqueue((id, FakeJson.Text(FakeJson.Member(body, "typing_indicator"), "type") == "text"));
        return FakeJson.WriteAsync(http, 200, new { success = true });
    }

    private Task SubscribeAsync(HttpContext http, string account)
    {
        fake.Subscribed[account] = true;
        return FakeJson.WriteAsync(http, 200, new { success = true });
    }

    // Meta asks the address before it believes in it.
    private async Task PointAsync(HttpContext http, FakeNumber number, JsonElement body)
    {
        var wanted = FakeJson.Member(body, "webhook_configuration");
        var address = FakeJson.Text(wanted, "override_callback_uri");
        if (string.IsNullOrEmpty(address))
        {
            number.WebhookOverride = null;
        }
        else if (address.Length <= 200 && Uri.TryCreate(address, UriKind.Absolute, out var url)
                 && await fake.Webhooks.ShakeHandsAsync(url, FakeJson.Text(wanted, "verify_token") ?? ""))
        {
            number.WebhookOverride = url;
        }
        else
        {
            await ErrorAsync(http, 400, 2200, "(#2200) Callback verification failed");
            return;
        }

        await FakeJson.WriteAsync(http, 200, new { success = true });
    }

    private static Task ErrorAsync(HttpContext http, int status, int code, string words, int? subcode = null) => FakeJson.WriteAsync(
        http, status, new { error = new { message = words, type = "OAuthException", code, error_subcode = subcode, error_data = new { messaging_product = "whatsapp", details = words }, fbtrace_id = "A" } });
}
