using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Telegram;

/// <summary>Answers <c>/bot&lt;token&gt;/&lt;method&gt;</c>. Names of methods count without regard to case.</summary>
internal sealed class FakeTelegramHandler(FakeTelegram server)
{
    private static readonly int[] _ports = [443, 80, 88, 8443];

    // What may not stand in the answer to a webhook.
    private static readonly string[] _neverInAnswers = ["setwebhook", "deletewebhook", "close", "logout"];

    public async Task HandleAsync(HttpContext http)
    {
        var parts = http.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["file", var holder, _, ..] && holder.StartsWith("bot", StringComparison.Ordinal) && server.Bots.TryGetValue(holder[3..], out var owner)
            && owner.Files.TryGetValue(parts[^1], out var bytes))
        {
            if (owner.BeforeFile is { } before)
            {
                try
                {
                    await before(parts[^1]).WaitAsync(http.RequestAborted);
                }
                catch (OperationCanceledException)
                {
                    http.Abort();
                    return;
                }
            }

            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
            return;
        }

        if (parts.Length != 2 || !parts[0].StartsWith("bot", StringComparison.Ordinal) || !parts[0].Contains(':', StringComparison.Ordinal))
        {
            await new FakeReply(404, null, "Not Found").WriteAsync(http);
            return;
        }

        if (!server.Bots.TryGetValue(parts[0][3..], out var bot) || bot.IsRevoked)
        {
            await new FakeReply(401, null, "Unauthorized").WriteAsync(http);
            return;
        }

        bot.Calls.Enqueue(parts[1]);
        try
        {
            var arguments = await FakeArguments.ReadAsync(http.Request);
            if (FakeBotSends.IsSend(parts[1]))
            {
                await FakeBotSends.AnswerAsync(http, bot, parts[1], arguments);
                return;
            }

            await (await CallAsync(bot, parts[1].ToLowerInvariant(), arguments, http.RequestAborted)).WriteAsync(http);
        }
        catch (JsonException)
        {
            await FakeReply.Bad("can't parse JSON object").WriteAsync(http);
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }
    }

    /// <summary>A call that stood in the answer to a webhook.</summary>
    public static async Task CarryOutAsync(FakeBot bot, byte[] answer)
    {
        JsonElement call;
        try
        {
            call = JsonSerializer.Deserialize<JsonElement>(answer);
        }
        catch (JsonException)
        {
            return;
        }

        if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("method", out var name) || name.GetString() is not { } method
            || method.StartsWith("get", StringComparison.OrdinalIgnoreCase) || _neverInAnswers.Contains(method.ToLowerInvariant()))
        {
            return;
        }

        bot.Calls.Enqueue(method);
        var arguments = FakeArguments.Of(call);
        if (FakeBotSends.IsSend(method))
        {
            FakeBotSends.Take(bot, method, arguments, out _);
        }
        else
        {
            await CallAsync(bot, method.ToLowerInvariant(), arguments, CancellationToken.None);
        }
    }

    private static Task<FakeReply> CallAsync(FakeBot bot, string method, FakeArguments given, CancellationToken aborted) => method switch
    {
        "getme" => Task.FromResult(FakeReply.Ok(new
        {
            id = bot.Id, is_bot = true, first_name = bot.Username, username = bot.Username, can_join_groups = true, can_read_all_group_messages = false, supports_inline_queries = false,
        })),
        "setwebhook" => Task.FromResult(SetWebhook(bot, given)),
        "deletewebhook" => Task.FromResult(DeleteWebhook(bot, given)),
        "getwebhookinfo" => Task.FromResult(FakeReply.Ok(WebhookInfo(bot))),
        "getupdates" => GetUpdatesAsync(bot, given, aborted),
        "getfile" => Task.FromResult(
            bot.Files.TryGetValue(given.Text("file_id") ?? "", out var file)
                ? FakeReply.Ok(new { file_id = given.Text("file_id"), file_unique_id = "u", file_size = file.Length, file_path = $"documents/{given.Text("file_id")}" })
                : FakeReply.Bad("invalid file_id")),
        "sendchataction" => Task.FromResult(ChatAction(bot, given)),
        "answercallbackquery" => Task.FromResult(AnswerCallback(bot, given)),
        "setmycommands" or "deletemycommands" or "getmycommands" => Task.FromResult(FakeReply.True),
        _ => Task.FromResult(new FakeReply(404, null, "Not Found: method not found")),
    };

    private static FakeReply SetWebhook(FakeBot bot, FakeArguments given)
    {
        var url = given.Text("url") ?? "";
        if (url.Length == 0)
        {
            return DeleteWebhook(bot, given);
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
        {
            return FakeReply.Bad("invalid webhook URL specified");
        }

        if (bot.Server.Options.WantsHttps && address.Scheme != "https")
        {
            return FakeReply.Bad("bad webhook: An HTTPS URL must be provided for webhook");
        }

        if (bot.Server.Options.WantsHttps && !_ports.Contains(address.Port))
        {
            return FakeReply.Bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
        }

        var secret = given.Text("secret_token");
        if (secret is { Length: > 256 })
        {
            return FakeReply.Bad("secret token is too long");
        }

        if (secret?.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-') == false)
        {
            return FakeReply.Bad("secret token contains unallowed characters");
        }

        Prepare(bot, given);
        bot.Updates.Webhook.Set(address, secret is { Length: > 0 } ? secret : null, (int)Math.Clamp(given.Whole("max_connections") ?? 40, 1, 100));
        return new FakeReply(200, true);
    }

    private static FakeReply DeleteWebhook(FakeBot bot, FakeArguments given)
    {
        if (given.Flag("drop_pending_updates"))
        {
            bot.Updates.Drop();
        }

        bot.Updates.Webhook.Remove();
        return FakeReply.True;
    }

    private static void Prepare(FakeBot bot, FakeArguments given)
    {
        if (given.Flag("drop_pending_updates"))
        {
            bot.Updates.Drop();
        }

        var allowed = given.Json("allowed_updates");
        bot.Updates.Allow(allowed.ValueKind == JsonValueKind.Array ? [.. allowed.EnumerateArray().Select(kind => kind.GetString()!)] : null);
    }

    private static Dictionary<string, object?> WebhookInfo(FakeBot bot)
    {
        var webhook = bot.Updates.Webhook;
        var info = new Dictionary<string, object?>
        {
            ["url"] = webhook.Url?.AbsoluteUri ?? "", ["has_custom_certificate"] = false, ["pending_update_count"] = bot.Updates.Pending,
        };
        if (webhook.Url is not null)
        {
            info["max_connections"] = webhook.MaxConnections;
            if (webhook.LastError is { } error)
            {
                info["last_error_date"] = error.At.ToUnixTimeSeconds();
                info["last_error_message"] = error.Words;
            }
        }

        if (bot.Updates.Allowed is { } allowed)
        {
            info["allowed_updates"] = allowed;
        }

        return info;
    }

    private static async Task<FakeReply> GetUpdatesAsync(FakeBot bot, FakeArguments given, CancellationToken aborted)
    {
        if (bot.Updates.Webhook.Url is not null)
        {
            return FakeReply.Conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first");
        }

        Prepare(bot, given);
        var wait = TimeSpan.FromSeconds(Math.Clamp(given.Whole("timeout") ?? 0, 0, 50));
        var (updates, conflict) = await bot.Updates.PollAsync(given.Whole("offset") ?? 0, (int)Math.Clamp(given.Whole("limit") ?? 100, 1, 100), wait, aborted);
        aborted.ThrowIfCancellationRequested();
        return updates is null ? FakeReply.Conflict(conflict) : FakeReply.Ok(updates.Select(update => JsonSerializer.Deserialize<JsonElement>(update.Body)).ToArray());
    }

    private static FakeReply ChatAction(FakeBot bot, FakeArguments given)
    {
        if (FakeBotSends.Complaint(bot, given) is { } complaint)
        {
            return complaint;
        }

        bot.Actions.Enqueue((given.Whole("chat_id")!.Value, given.Text("action") ?? ""));
        return FakeReply.True;
    }

    private static FakeReply AnswerCallback(FakeBot bot, FakeArguments given)
    {
        if (given.Text("callback_query_id") is not { Length: > 0 } query || !query.All(char.IsAsciiDigit))
        {
            return FakeReply.Bad("query is too old and response timeout expired or query ID is invalid");
        }

        bot.AnsweredCallbacks.Enqueue(query);
        return FakeReply.True;
    }
}
