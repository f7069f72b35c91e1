using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Evolution;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionErrorsTests
{
    private static readonly JsonElement? _shared = Places.Shared is { } shared
        ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(shared, "fixtures", "evolution", "api_responses.json"))).GetProperty("responses")
        : null;

    public static TheoryData<string> SharedCases =>
        _shared is { } responses ? [.. responses.EnumerateArray().Select(response => response.GetProperty("case").GetString()!)] : ["left out: no shared fixtures here"];

    [Theory]
    [InlineData(201, """{"key":{"id":"3EB0A"},"status":"PENDING"}""", "Accepted:3EB0A")]
    [InlineData(200, """{"key":{"id":"3EB0A"},"messageTimestamp":"1767261600"}""", "Accepted:3EB0A")]
    [InlineData(201, """{"status":"PENDING"}""", "Unknown")]
    [InlineData(201, """{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp"},"fbtrace_id":"A1"}""", "Refused:window-closed")]
    [InlineData(201, """{"message":"(#131026) Message undeliverable","code":131026,"fbtrace_id":"A1"}""", "Refused:recipient-unreachable")]
    [InlineData(201, """{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429}""", "TryLater:rate-limited")]
    [InlineData(201, """{"message":"(#131056) Pair rate limit hit","type":"OAuthException","code":131056}""", "TryLater:recipient-rate-limited")]
    [InlineData(201, """{"message":"Error validating access token","type":"OAuthException","code":190}""", "TryLater:unauthorized")]
    [InlineData(201, """{"message":"(#131000) Something went wrong","type":"OAuthException","code":131000}""", "Unknown")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131016}""", "TryLater:unavailable")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131057}""", "TryLater:unavailable")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131048}""", "TryLater:rate-limited")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131064}""", "TryLater:rate-limited")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":133016}""", "TryLater:rate-limited")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":0}""", "TryLater:unauthorized")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":10}""", "TryLater:unauthorized")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":200}""", "TryLater:unauthorized")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131005}""", "TryLater:unauthorized")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131031}""", "TryLater:account-restricted")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":133010}""", "TryLater:number-not-registered")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":131042}""", "TryLater:payment-required")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":132001}""", "Refused:template-refused")]
    [InlineData(201, """{"message":"x","type":"OAuthException","code":999999}""", "Refused:rejected")]
    [InlineData(201, """{"message":"x","code":131047}""", "Unknown")]
    [InlineData(200, "", "Unknown")]
    [InlineData(200, """{"error":true,"message":"[object Object]"}""", "Unknown")]
    [InlineData(400, """{"response":{"message":[{"jid":"1@s.whatsapp.net","exists":false,"number":"1"}]}}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"response":{"message":["Text is required"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":[["instance requires property \"number\""]]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["For base64 the file name must be informed."]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["Owned media must be a url or base64"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["\"reaction\" must be an emoji"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["Reaction must be a single emoji or empty string"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":[{"property":"contact[0].wuid","message":"\"wuid\" must be a numeric string"}]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["The \"name\" cannot be empty"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["Invalid format"]}}""", "Refused:bad-request")]
    [InlineData(400, """{"response":{"message":["PrismaClientKnownRequestError: invalid format of a column"]}}""", "Unknown")]
    [InlineData(400, """{"response":{"message":["Error: Connection Closed"]}}""", "TryLater:reconnecting")]
    [InlineData(400, """{"response":{"message":["The \"a\" instance is not connected"]}}""", "TryLater:reconnecting")]
    [InlineData(400, """{"response":{"message":["[object Object]"]}}""", "TryLater:group-not-found")]
    [InlineData(400, """{"response":{"message":["PrismaClientKnownRequestError: unique constraint"]}}""", "Unknown")]
    [InlineData(400, "", "Unknown")]
    [InlineData(401, """{"response":{"message":"Unauthorized"}}""", "Blocked:unauthorized")]
    [InlineData(403, """{"response":{"message":["Forbidden"]}}""", "Blocked:forbidden")]
    [InlineData(404, """{"response":{"message":["The \"a\" instance does not exist"]}}""", "Blocked:instance-missing")]
    [InlineData(404, "<html>no such page</html>", "Blocked:wrong-address")]
    [InlineData(302, "", "Blocked:wrong-address")]
    [InlineData(413, "", "Refused:too-large")]
    [InlineData(429, "", "TryLater:rate-limited")]
    [InlineData(500, """{"response":{"message":"boom"}}""", "Unknown")]
    [InlineData(400, """{"response":{"message":[[{"jid":"1@s.whatsapp.net","exists":false}]]}}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"response":{"message":{"jid":"1@s.whatsapp.net","exists":false}}}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"response":{"message":["Error: rate-overlimit"]}}""", "TryLater:rate-limited")]
    [InlineData(500, """{"response":{"message":"rate-overlimit"}}""", "TryLater:rate-limited")]
    [InlineData(400, """{"response":{"message":["Error: item-not-found"]}}""", "Refused:recipient-not-found")]
    [InlineData(400, """{"response":{"message":["Error: forbidden"]}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"response":{"message":["Error: not-authorized"]}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"response":{"message":["Error: not-acceptable"]}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"response":{"message":["Error: Timed Out"]}}""", "Unknown")]
    [InlineData(400, """{"response":{"message":["Error: Connection Terminated"]}}""", "Unknown")]
    [InlineData(400, """{"response":{"message":["AxiosError: Request failed with status code 404"]}}""", "Unknown")]
    [InlineData(400, """{"response":{"message":["Error: Input buffer contains unsupported image format"]}}""", "Refused:media-failed")]
    [InlineData(400, """{"response":{"message":["Error: Media upload failed on all hosts"]}}""", "TryLater:media-failed")]
    [InlineData(500, """{"response":{"message":["AxiosError: Request failed with status code 404"]}}""", "TryLater:media-failed")]
    [InlineData(500, """{"response":{"message":["Error: getaddrinfo ENOTFOUND files.example.test"]}}""", "TryLater:media-failed")]
    [InlineData(500, """{"response":{"message":["Failed to convert audio"]}}""", "Refused:media-failed")]
    [InlineData(500, """{"response":{"message":"ffmpeg exited with code 1: pipe:0: Invalid data found"}}""", "Refused:media-failed")]
    [InlineData(500, """{"response":{"message":"Connection Closed"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"response":{"message":["Error: Connection Closed"]}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"response":{"message":"Timed Out"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"response":{"message":"Cannot read properties of undefined (reading 'onWhatsApp')"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"response":{"message":"Cannot read properties of undefined (reading 'textMessage')"}}""", "TryLater:reconnecting")]
    [InlineData(500, """{"response":{"message":"Invalid `this.prismaRepository.contact.findMany()` invocation"}}""", "TryLater:unavailable")]
    [InlineData(500, """{"response":{"message":"Do not know how to serialize a BigInt"}}""", "Unknown")]
    [InlineData(500, """{"response":{"message":"Internal Server Error"}}""", "Unknown")]
    [InlineData(404, """{"response":{"message":["Cannot POST /message/sendSticker/a"]}}""", "Refused:not-supported")]
    [InlineData(404, """{"response":{"message":["Cannot POST /message/sendText/a"]}}""", "Blocked:wrong-address")]
    [InlineData(404, """{"response":{"message":["Cannot POST /gateway/message/sendSticker/a"]}}""", "Blocked:wrong-address")]
    [InlineData(500, """{"message":"Connection Closed"}""", "Unknown")]
    [InlineData(500, "<html>Connection Closed</html>", "Unknown")]
    [InlineData(521, "<html>", "TryLater:unavailable")]
    [InlineData(522, "<html>", "Unknown")]
    [InlineData(523, "<html>", "TryLater:unavailable")]
    [InlineData(525, "<html>", "TryLater:unavailable")]
    [InlineData(502, "<html>bad gateway</html>", "Unknown")]
    [InlineData(503, "", "TryLater:unavailable")]
    [InlineData(503, """{"error":"service not activated","code":"LICENSE_REQUIRED"}""", "Blocked:license-required")]
    [InlineData(504, "", "Unknown")]
    public void An_answer_has_one_outcome(int status, string body, string expected)
    {
        using var answer = EvolutionAnswer.Of((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), null);

        Assert.Equal(expected, Shown(EvolutionErrors.ToOutcome(answer)));
    }

    [Fact]
    public void The_gateways_own_waiting_time_is_kept()
    {
        using var answer = EvolutionAnswer.Of(HttpStatusCode.TooManyRequests, default, TimeSpan.FromSeconds(77));

        Assert.Equal(TimeSpan.FromSeconds(77), Assert.IsType<SendOutcome.TryLater>(EvolutionErrors.ToOutcome(answer)).After);
    }

    [Fact]
    public void A_missing_licence_is_the_gateways_fault()
    {
        using var answer = EvolutionAnswer.Of(HttpStatusCode.ServiceUnavailable, """{"code":"LICENSE_REQUIRED"}"""u8.ToArray(), null);

        Assert.True(Assert.IsType<SendOutcome.Blocked>(EvolutionErrors.ToOutcome(answer)).GatewayFault);
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
        using var answer = EvolutionAnswer.Of(
            (HttpStatusCode)known.GetProperty("status").GetInt32(), Encoding.UTF8.GetBytes(known.GetProperty("body").GetRawText()), null);
        var outcome = Shown(EvolutionErrors.ToOutcome(answer));

        Assert.Equal(
            known.GetProperty("class").GetString() switch
            {
                "ok" => "Accepted:3EB07CB8679193D422539B",
                "permanent_recipient" => "Refused:recipient-not-found",
                "permanent_request" => "Refused:bad-request",
                "account_missing" => "Blocked:instance-missing",
                "auth" => "Blocked:unauthorized",
                "conflict" => "Blocked:forbidden",
                "error_in_200" => "Unknown",
                "noop" => "TryLater:reconnecting",
                "already_open" or "qr_pending" => "Unknown",
                "retry_after_reconnect" => "TryLater:reconnecting",
                "gateway_blocked" => "Blocked:license-required",
                var other => $"a class we do not know: {other}",
            },
            outcome);
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
