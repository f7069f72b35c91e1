using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Channels.FakeProviders.Telegram;

/// <summary>Takes a bot's messages by Telegram's rules, or does with them what a behaviour says.</summary>
internal static partial class FakeBotSends
{
    private const int LongestText = 4096;
    private const int LongestCaption = 1024;

    // What each method needs beside the chat.
    private static readonly Dictionary<string, string> _needs = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sendMessage"] = "text", ["sendPhoto"] = "photo", ["sendDocument"] = "document", ["sendVideo"] = "video", ["sendAudio"] = "audio", ["sendVoice"] = "voice",
        ["sendSticker"] = "sticker", ["sendAnimation"] = "animation", ["sendLocation"] = "latitude", ["sendVenue"] = "latitude", ["sendContact"] = "phone_number",
        ["answerGuestQuery"] = "result", ["setMessageReaction"] = "message_id",
    };

    public static bool IsSend(string method) => _needs.ContainsKey(method);

    public static async Task AnswerAsync(HttpContext http, FakeBot bot, string method, FakeArguments given)
    {
        var behaviour = bot.NextBehaviour();
        if (behaviour.Reset)
        {
            http.Abort();
            return;
        }

        if (behaviour.FailStatus is { } status)
        {
            await FailAsync(http, status, behaviour);
            return;
        }

        var reply = Take(bot, method, given, out var taken);
        if (taken && behaviour.AcceptThenReset)
        {
            http.Abort();
            return;
        }

        if (taken && behaviour.AcceptThenHang)
        {
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await reply.WriteAsync(http);
    }

    /// <summary>Takes it, or says why not.</summary>
    public static FakeReply Take(FakeBot bot, string method, FakeArguments given, out bool taken)
    {
        taken = false;
        if (method.Equals("answerGuestQuery", StringComparison.OrdinalIgnoreCase))
        {
            taken = true;
            var said = given.Json("result").GetProperty("input_message_content").GetProperty("message_text").GetString()!;
            bot.Add(new FakeBotSend(0, 0, said, method, given.All, bot.Server.Options.Clock.GetUtcNow()));
            return FakeReply.Ok(new { inline_message_id = $"inline-{given.Text("guest_query_id")}" });
        }

        if (Complaint(bot, given) is { } complaint)
        {
            return complaint;
        }

        var chat = bot.Chats[given.Whole("chat_id")!.Value];
        var text = given.Text("text") ?? given.Text("caption") ?? "";
        if (ComplaintAboutContent(method, given, chat, text) is { } wrong)
        {
            return wrong;
        }

        if (IsTooMany(bot, chat))
        {
            return new FakeReply(429, null, "Too Many Requests: retry after 1", RetryAfter: 1);
        }

        taken = true;
        if (method.Equals("setMessageReaction", StringComparison.OrdinalIgnoreCase))
        {
            bot.Add(new FakeBotSend(chat.Id, (int)given.Whole("message_id")!.Value, "", method, given.All, bot.Server.Options.Clock.GetUtcNow()));
            return FakeReply.True;
        }

        var send = new FakeBotSend(chat.Id, chat.NextMessage(), text, method, given.All, bot.Server.Options.Clock.GetUtcNow());
        bot.Add(send);
        return FakeReply.Ok(new { message_id = send.Id, from = bot.Shown, chat = chat.Shown(), date = send.At.ToUnixTimeSeconds(), text });
    }

    /// <summary>What is wrong with the chat; null when nothing is.</summary>
    public static FakeReply? Complaint(FakeBot bot, FakeArguments given)
    {
        if (string.IsNullOrEmpty(given.Text("chat_id")))
        {
            return FakeReply.Bad("chat_id is empty");
        }

        return given.Whole("chat_id") is not { } id || !bot.Chats.TryGetValue(id, out var chat) ? FakeReply.Bad("chat not found")
            : chat.MigratedTo is { } other ? new FakeReply(400, null, "Bad Request: group chat was upgraded to a supergroup chat", MigrateTo: other)
            : chat.Refuses is { } words ? new FakeReply(403, null, $"Forbidden: {words}")
            : null;
    }

    private static FakeReply? ComplaintAboutContent(string method, FakeArguments given, FakeChat chat, string text)
    {
        if (method.Equals("sendMessage", StringComparison.OrdinalIgnoreCase) && string.IsNullOrWhiteSpace(text))
        {
            return FakeReply.Bad("message text is empty");
        }

        var needed = _needs[method];
        if (string.IsNullOrEmpty(given.Text(needed)))
        {
            return FakeReply.Bad($"there is no {needed} in the request");
        }

        if (IsBroken(given.Text("parse_mode"), text))
        {
            return FakeReply.Bad("can't parse entities: Can't find end of the entity starting at byte offset 5");
        }

        if (text.Length > (given.Text("caption") is null ? LongestText : LongestCaption))
        {
            return FakeReply.Bad(given.Text("caption") is null ? "message is too long" : "message caption is too long");
        }

        var reply = given.Json("reply_parameters");
        return reply.ValueKind == JsonValueKind.Object && reply.TryGetProperty("message_id", out var answered) && !chat.Has(answered.GetInt32())
               && !(reply.TryGetProperty("allow_sending_without_reply", out var anyway) && anyway.ValueKind == JsonValueKind.True)
            ? FakeReply.Bad("message to be replied not found")
            : null;
    }

    // A part of what the real one would refuse.
    private static bool IsBroken(string? parseMode, string text) => parseMode?.ToLowerInvariant() switch
    {
        "html" => OpeningTag().Count(text) != ClosingTag().Count(text),
        "markdownv2" => BareMark().IsMatch(text) || text.Count(letter => letter == '*') % 2 == 1,
        _ => false,
    };

    private static bool IsTooMany(FakeBot bot, FakeChat chat)
    {
        if (bot.Server.Options.SendsPerSecondToAChat is not { } most)
        {
            return false;
        }

        lock (chat)
        {
            var second = bot.Server.Options.Clock.GetUtcNow().ToUnixTimeSeconds();
            chat.Sent = second == chat.Sent.Second ? (second, chat.Sent.Count + 1) : (second, 1);
            return chat.Sent.Count > most;
        }
    }

    private static Task FailAsync(HttpContext http, int status, FakeBotBehaviour behaviour)
    {
        if (!behaviour.AsPage)
        {
            return new FakeReply(status, null, behaviour.FailDescription, behaviour.RetryAfter).WriteAsync(http);
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html";
        if (behaviour.RetryAfter is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return http.Response.WriteAsync("<html><body>nobody here</body></html>", http.RequestAborted);
    }

    [GeneratedRegex("<[a-z][^>]*>")]
    private static partial Regex OpeningTag();

    [GeneratedRegex("</[a-z]+>")]
    private static partial Regex ClosingTag();

    [GeneratedRegex(@"(?<!\\)[.!#+\-=|{}()>]")]
    private static partial Regex BareMark();
}
