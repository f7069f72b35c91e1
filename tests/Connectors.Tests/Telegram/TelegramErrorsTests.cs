using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Telegram;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Telegram;

public sealed class TelegramErrorsTests
{
    private static readonly JsonElement? _shared = Places.Shared is { } shared
        ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(shared, "fixtures", "telegram", "api_responses.json"))).GetProperty("cases")
        : null;

    public static TheoryData<int> SharedCases => _shared is { } cases ? [.. Enumerable.Range(0, cases.GetArrayLength())] : [-1];

    [Theory]
    [InlineData(200, """{"ok":true,"result":{"message_id":77}}""", "Accepted:77")]
    [InlineData(200, """{"ok":true,"result":{"inline_message_id":"AAB"}}""", "Accepted:inline:AAB")]
    [InlineData(200, """{"ok":true,"result":{}}""", "Unknown")]
    [InlineData(200, "", "Unknown")]
    [InlineData(302, "", "Blocked:wrong-address")]
    [InlineData(404, "<html>no such page</html>", "Blocked:wrong-address")]
    [InlineData(401, """{"ok":false,"error_code":401,"description":"Unauthorized"}""", "Blocked:unauthorized")]
    [InlineData(404, """{"ok":false,"error_code":404,"description":"Not Found"}""", "Blocked:unauthorized")]
    [InlineData(404, """{"ok":false,"error_code":404,"description":"Not Found: method not found"}""", "Refused:not-supported")]
    [InlineData(403, """{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the supergroup chat"}""", "Refused:recipient-unreachable")]
    [InlineData(403, """{"ok":false,"error_code":403,"description":"Forbidden: user is deactivated"}""", "Refused:recipient-unreachable")]
    [InlineData(403, """{"ok":false,"error_code":403,"description":"Forbidden: bot can't initiate conversation with a user"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: not enough rights to send text messages to the chat"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: message thread not found"}""", "Refused:topic-gone")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}""", "Refused:text-too-long")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: query is too old and response timeout expired or query ID is invalid"}""", "Refused:too-late")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: something of tomorrow"}""", "Refused:bad-request")]
    [InlineData(409, """{"ok":false,"error_code":409,"description":"Conflict: x"}""", "Refused:conflict")]
    [InlineData(200, """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}""", "TryLater:rate-limited")]
    [InlineData(200, """{"ok":false,"error_code":401,"description":"Unauthorized"}""", "Blocked:unauthorized")]
    [InlineData(200, """{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}""", "Refused:recipient-unreachable")]
    [InlineData(200, """{"ok":false,"error_code":500,"description":"Request aborted"}""", "Unknown")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: FROZEN_METHOD_INVALID"}""", "Blocked:account-restricted")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Logged out"}""", "Blocked:unauthorized")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: Logged out"}""", "Blocked:unauthorized")]
    [InlineData(421, """{"ok":false,"error_code":421,"description":"Misdirected Request: unallowed token specified"}""", "Blocked:unauthorized")]
    [InlineData(401, "<html>who are you?</html>", "Blocked:unauthorized")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: CHANNEL_PRIVATE"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: CHAT_ADMIN_REQUIRED"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: chat is deactivated"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: PRIVACY_PREMIUM_REQUIRED"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: ALLOW_PAYMENT_REQUIRED_5"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: USER_ID_INVALID"}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"ok":false,"error_code":400,"description":"Bad Request: user not found"}""", "Refused:recipient-not-found")]
    [InlineData(413, "", "Refused:too-large")]
    [InlineData(429, """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"ok":false,"error_code":500,"description":"Request aborted"}""", "Unknown")]
    [InlineData(502, "<html>bad gateway</html>", "Unknown")]
    [InlineData(503, "", "TryLater:unavailable")]
    [InlineData(504, "", "Unknown")]
    public void An_answer_has_one_outcome(int status, string body, string expected)
    {
        using var answer = TelegramAnswer.Of((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), null);

        Assert.Equal(expected, Shown(TelegramErrors.ToOutcome(answer)));
    }

    [Fact]
    public void A_group_that_moved_is_noticed_under_any_status()
    {
        using var moved = TelegramAnswer.Of(HttpStatusCode.OK, "{\"ok\":false,\"error_code\":400,\"description\":\"x\",\"parameters\":{\"migrate_to_chat_id\":-1007}}"u8.ToArray(), null);

        Assert.True(TelegramErrors.IsMigrated(moved));
    }

    [Theory]
    [InlineData("""{"ok":false,"parameters":{"retry_after":7}}""", 90, 7)]
    [InlineData("""{"ok":false}""", 90, 90)]
    [InlineData("""{"ok":false,"parameters":{"retry_after":-1}}""", null, 30)]
    public void The_wait_is_Telegrams_own_where_it_names_one(string body, int? header, int expected)
    {
        using var answer = TelegramAnswer.Of(HttpStatusCode.TooManyRequests, Encoding.UTF8.GetBytes(body), header is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

        Assert.Equal(TimeSpan.FromSeconds(expected), Assert.IsType<SendOutcome.TryLater>(TelegramErrors.ToOutcome(answer)).After);
    }

    [Theory]
    [MemberData(nameof(SharedCases))]
    public void A_shared_answer_has_the_outcome_of_its_class(int index)
    {
        if (_shared is not { } cases)
        {
            return;
        }

        var (given, expect) = (cases[index], cases[index].GetProperty("expect"));
        using var answer = TelegramAnswer.Of((HttpStatusCode)given.GetProperty("status").GetInt32(), JsonSerializer.SerializeToUtf8Bytes(given.GetProperty("body")), null);

        var outcome = TelegramErrors.ToOutcome(answer);

        switch (expect.GetProperty("class").GetString())
        {
            case "ok":
                Assert.Equal(expect.GetProperty("message_id").GetString(), Assert.IsType<SendOutcome.Accepted>(outcome).ProviderMessageId);
                break;
            case "throttle":
                var later = Assert.IsType<SendOutcome.TryLater>(outcome);
                Assert.Equal(("rate-limited", expect.GetProperty("retry_after").GetInt32()), (later.Code, (int)later.After.TotalSeconds));
                break;
            case "auth":
                Assert.Equal("unauthorized", Assert.IsType<SendOutcome.Blocked>(outcome).Code);
                break;
            case "permanent_recipient":
                Assert.StartsWith("recipient-", Assert.IsType<SendOutcome.Refused>(outcome).Code, StringComparison.Ordinal);
                break;
            case "permanent_request":
                Assert.DoesNotContain("recipient", Assert.IsType<SendOutcome.Refused>(outcome).Code, StringComparison.Ordinal);
                Assert.Equal(expect.TryGetProperty("fallback", out _), TelegramErrors.IsUnparsable(answer));
                break;
            case var other:
                Assert.Fail($"a class nobody knows: {other}");
                break;
        }
    }

    private static string Shown(SendOutcome outcome) => outcome switch
    {
        SendOutcome.Accepted accepted => $"Accepted:{accepted.ProviderMessageId}",
        SendOutcome.Refused refused => $"Refused:{refused.Code}",
        SendOutcome.TryLater later => $"TryLater:{later.Code}",
        SendOutcome.Blocked blocked => $"Blocked:{blocked.Code}",
        _ => "Unknown",
    };
}
