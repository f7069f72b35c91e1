using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaErrorsTests
{
    private static readonly JsonElement? _shared = Places.Shared is { } shared
        ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(shared, "fixtures", "waha", "api_responses.json"))).GetProperty("responses")
        : null;

    public static TheoryData<string> SharedCases =>
        _shared is { } responses ? [.. responses.EnumerateArray().Select(response => response.GetProperty("case").GetString()!)] : ["left out: no shared fixtures here"];

    [Theory]
    [InlineData(201, """{"key":{"id":"3EB0A"},"messageTimestamp":"1767261600"}""", "Accepted:3EB0A")]
    [InlineData(201, """{"id":"true_447700900321@c.us_3EB0A","_data":{}}""", "Accepted:3EB0A")]
    [InlineData(201, """{"id":{"_serialized":"true_447700900321@c.us_3EB0A"}}""", "Accepted:3EB0A")]
    [InlineData(201, """{"_data":{"id":{"_serialized":"true_447700900321@c.us_3EB0A"}}}""", "Accepted:3EB0A")]
    [InlineData(201, """{"_data":{"Info":{"ID":"3EB0A"}}}""", "Accepted:3EB0A")]
    [InlineData(201, "5", "Unknown")]
    [InlineData(201, "", "Unknown")]
    [InlineData(302, "", "Blocked:wrong-address")]
    [InlineData(400, """{"message":["chatId must be a string"],"error":"Bad Request"}""", "Refused:bad-request")]
    [InlineData(401, """{"message":"Unauthorized","statusCode":401}""", "Blocked:unauthorized")]
    [InlineData(403, """{"message":"Forbidden","statusCode":403}""", "Blocked:forbidden")]
    [InlineData(404, """{"message":"Cannot POST /api/sendText","error":"Not Found"}""", "Blocked:wrong-address")]
    [InlineData(404, """{"message":"Cannot GET /api/sessions/x","error":"Not Found"}""", "Blocked:wrong-address")]
    [InlineData(404, """{"message":"Session not found"}""", "Blocked:session-missing")]
    [InlineData(404, "<html>no such page</html>", "Blocked:wrong-address")]
    [InlineData(404, "404 page not found", "Blocked:wrong-address")]
    [InlineData(404, """{"statusCode":404,"message":"Resource not found"}""", "Blocked:wrong-address")]
    [InlineData(404, """{"statusCode":404,"message":"Cannot POST /waha/api/sendImage","error":"Not Found"}""", "Blocked:wrong-address")]
    [InlineData(404, """{"statusCode":404,"message":"Cannot POST /api/sendImage","error":"Not Found"}""", "Refused:not-supported")]
    [InlineData(404, """{"statusCode":404,"message":"Chat not found","error":"Not Found"}""", "Refused:recipient-not-found")]
    [InlineData(404, """{"error":{"code":404,"key":"FILE_NOT_FOUND","message":"File not found"}}""", "Refused:media-failed")]
    [InlineData(521, "<html>", "TryLater:unavailable")]
    [InlineData(522, "<html>", "Unknown")]
    [InlineData(523, "<html>", "TryLater:unavailable")]
    [InlineData(524, "<html>", "Unknown")]
    [InlineData(525, "<html>", "TryLater:unavailable")]
    [InlineData(405, """{"message":"Method Not Allowed","statusCode":405}""", "Refused:bad-request")]
    [InlineData(408, "", "Unknown")]
    [InlineData(408, """{"message":"Request Timeout","statusCode":408}""", "Unknown")]
    [InlineData(400, "<html>The plain HTTP request was sent to HTTPS port</html>", "Unknown")]
    [InlineData(409, "", "Unknown")]
    [InlineData(425, "", "TryLater:unavailable")]
    [InlineData(499, "<html>", "Unknown")]
    [InlineData(413, "", "Refused:too-large")]
    [InlineData(422, """{"error":"Session status is not as expected.","session":"a","status":"STARTING","expected":["WORKING"]}""", "TryLater:reconnecting")]
    [InlineData(429, "", "TryLater:rate-limited")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: server returned error 463"}}""", "Refused:new-chats-locked")]
    [InlineData(500, """{"exception":{"message":"Error: Connection Closed"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"exception":{"message":"websocket not connected"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"exception":{"message":"No LID for user"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: no LID found for 12025557000@s.whatsapp.net from server"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"rate-overlimit"}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: server returned error 429"}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: failed to get device list: failed to send usync query: info query returned status 429: rate-overlimit"}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"exception":{"message":"server returned error 400"}}""", "Refused:rejected")]
    [InlineData(500, """{"exception":{"message":"server returned error 403"}}""", "Refused:recipient-unreachable")]
    [InlineData(500, """{"exception":{"message":"server returned error 404"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"server returned error 406"}}""", "Refused:rejected")]
    [InlineData(500, """{"exception":{"message":"server returned error 479"}}""", "TryLater:rejected")]
    [InlineData(500, """{"exception":{"message":"server returned error 503"}}""", "TryLater:unavailable")]
    [InlineData(500, """{"exception":{"message":"request entity too large"}}""", "Refused:too-large")]
    [InlineData(500, """{"exception":{"message":"item-not-found"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"not-acceptable"}}""", "Refused:recipient-unreachable")]
    [InlineData(500, """{"exception":{"message":"forbidden"}}""", "Refused:recipient-unreachable")]
    [InlineData(500, """{"exception":{"message":"the page said: forbidden"}}""", "Unknown")]
    [InlineData(500, """{"exception":{"message":"failed to get group members: failed to get group info: that group does not exist"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"failed to get group members: you're not participating in that group"}}""", "Refused:recipient-unreachable")]
    [InlineData(500, """{"exception":{"message":"can't send message to unknown server foo"}}""", "Refused:recipient-not-found")]
    [InlineData(500, """{"exception":{"message":"Request failed with status code 404"}}""", "TryLater:media-failed")]
    [InlineData(500, """{"exception":{"message":"getaddrinfo ENOTFOUND files.example.test"}}""", "TryLater:media-failed")]
    [InlineData(500, """{"exception":{"message":"ffmpeg exited with code 1: Error opening input"}}""", "Refused:media-failed")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: failed to upload: failed to refresh media connections"}}""", "TryLater:media-failed")]
    [InlineData(500, """{"exception":{"message":"14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED /tmp/gows.sock"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"exception":{"message":"2 UNKNOWN: timed out waiting for message send response"}}""", "Unknown")]
    [InlineData(500, """{"exception":{"message":"Timed Out"}}""", "Unknown")]
    [InlineData(500, """{"exception":{"code":2,"details":"server returned error 463"}}""", "Refused:new-chats-locked")]
    [InlineData(500, """{"exception":{"message":"Cannot read properties of undefined (reading 'includes')"}}""", "Refused:bad-request")]
    [InlineData(500, """{"exception":{"message":"Message id be in format false_11111111111@c.us_AAAAAAAAAAAAAAAAAAAA"}}""", "Refused:not-in-this-version")]
    [InlineData(500, """{"exception":{"message":"Evaluation failed: TypeError: Cannot read properties of undefined (reading 'serialize')"}}""", "Unknown")]
    [InlineData(500, "", "Unknown")]
    [InlineData(502, "<html>bad gateway</html>", "Unknown")]
    [InlineData(503, "", "TryLater:unavailable")]
    public void An_answer_has_one_outcome(int status, string body, string expected)
    {
        using var answer = WahaAnswer.Of((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), null);

        Assert.Equal(expected, Shown(WahaErrors.ToOutcome(answer)));
    }

    [Fact]
    public void The_servers_own_waiting_time_is_kept()
    {
        using var answer = WahaAnswer.Of(HttpStatusCode.TooManyRequests, default, TimeSpan.FromSeconds(77));

        Assert.Equal(TimeSpan.FromSeconds(77), Assert.IsType<SendOutcome.TryLater>(WahaErrors.ToOutcome(answer)).After);
    }

    [Theory]
    [InlineData("server returned error 479")]
    [InlineData("Request failed with status code 503")]
    public void What_is_about_one_message_holds_up_nobody_elses_and_is_given_up_on(string words)
    {
        using var answer = WahaAnswer.Of(HttpStatusCode.InternalServerError, Encoding.UTF8.GetBytes($$$"""{"exception":{"message":"{{{words}}}"}}"""), null);

        Assert.True(WahaErrors.ToOutcome(answer) is SendOutcome.TryLater { OfThisMessage: true, MostAttempts: 3 });
    }

    [Theory]
    [MemberData(nameof(SharedCases))]
    public void A_shared_answer_has_the_outcome_of_its_class(string name)
    {
        if (_shared is not { } responses)
        {
            return;
        }

        var known = responses.EnumerateArray().Single(response => response.GetProperty("case").GetString() == name);
        using var answer = WahaAnswer.Of((HttpStatusCode)known.GetProperty("status").GetInt32(), Encoding.UTF8.GetBytes(known.GetProperty("body").GetRawText()), null);
        var outcome = Shown(WahaErrors.ToOutcome(answer));

        string[] expected = known.GetProperty("class").GetString() switch
        {
            // Answers to questions, among them, are no sends and name no message.
            "ok" when name.StartsWith("sendText", StringComparison.Ordinal) => ["Accepted"],
            "ok" or "permanent_recipient" => ["Unknown"],
            "retry_after_reconnect" or "already_open" => ["TryLater:reconnecting"],
            "account_missing" => ["Blocked:session-missing"],
            "conflict" => ["Refused:bad-request"],
            "throttle_new_chats" => ["Refused:new-chats-locked"],
            "permanent_request" => ["Refused:bad-request", "Refused:not-in-this-version"],
            "auth" => ["Blocked:unauthorized"],
            var other => [$"a class we do not know: {other}"],
        };
        Assert.Contains(expected, one => outcome.StartsWith(one, StringComparison.Ordinal));
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
