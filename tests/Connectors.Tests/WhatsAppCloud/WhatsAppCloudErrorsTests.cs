using System.Net;
using System.Text;
using System.Text.Json;
using Channels.Connectors.WhatsAppCloud;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudErrorsTests
{
    [Theory]
    [InlineData(200, """{"messages":[{"id":"wamid.A"}]}""", "Accepted:wamid.A")]
    [InlineData(200, """{"messages":[]}""", "Unknown")]
    [InlineData(200, "", "Unknown")]
    [InlineData(400, """{"error":{"code":130429}}""", "TryLater:rate-limited")]
    [InlineData(429, "", "TryLater:rate-limited")]
    [InlineData(400, """{"error":{"code":131056}}""", "TryLater:recipient-rate-limited")]
    [InlineData(400, """{"error":{"code":131057}}""", "TryLater:unavailable")]
    [InlineData(500, """{"error":{"code":131016}}""", "TryLater:unavailable")]
    [InlineData(500, """{"error":{"code":131000}}""", "Unknown")]
    [InlineData(400, """{"error":{"code":131000}}""", "Unknown")]
    [InlineData(503, """{"error":{"code":133004}}""", "Unknown")]
    [InlineData(503, """{"error":{"code":2}}""", "Unknown")]
    [InlineData(500, """{"error":{"code":2}}""", "Unknown")]
    [InlineData(500, """{"error":{"code":1}}""", "Unknown")]
    [InlineData(400, """{"error":{"code":1}}""", "Unknown")]
    [InlineData(500, "<html>", "Unknown")]
    [InlineData(502, "", "Unknown")]
    [InlineData(504, "", "Unknown")]
    [InlineData(503, "", "TryLater:unavailable")]
    [InlineData(401, """{"error":{"code":190}}""", "Blocked:unauthorized")]
    [InlineData(403, """{"error":{"code":200}}""", "Blocked:unauthorized")]
    [InlineData(403, "", "Blocked:wrong-address")]
    [InlineData(403, """{"error":{"code":131207}}""", "Refused:recipient-unreachable")]
    [InlineData(403, """{"error":{"code":987654}}""", "Refused:rejected")]
    [InlineData(400, """{"error":{"code":80008}}""", "TryLater:rate-limited")]
    [InlineData(400, """{"error":{"code":80004}}""", "TryLater:rate-limited")]
    [InlineData(400, """{"error":{"code":341}}""", "TryLater:rate-limited")]
    [InlineData(400, """{"error":{"code":2500}}""", "Blocked:unauthorized")]
    [InlineData(400, """{"error":{"code":2494100}}""", "TryLater:unavailable")]
    [InlineData(400, """{"error":{"code":131030}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"error":{"code":131020}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"error":{"code":131041}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"error":{"code":131037}}""", "Blocked:name-not-approved")]
    [InlineData(400, """{"error":{"code":134101}}""", "TryLater:template-not-ready")]
    [InlineData(400, """{"error":{"code":132069}}""", "TryLater:template-not-ready")]
    [InlineData(500, """{"error":{"code":133000}}""", "Refused:bad-request")]
    [InlineData(500, """{"error":{"code":134102}}""", "Refused:template-refused")]
    [InlineData(400, """{"error":{"code":131052}}""", "Refused:media-failed")]
    [InlineData(403, "<html>", "Blocked:wrong-address")]
    [InlineData(401, "<html>", "Blocked:unauthorized")]
    [InlineData(400, """{"error":{"code":131031}}""", "Blocked:account-restricted")]
    [InlineData(400, """{"error":{"code":368}}""", "Blocked:account-restricted")]
    [InlineData(400, """{"error":{"code":130497}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"error":{"code":133010}}""", "Blocked:number-not-registered")]
    [InlineData(400, """{"error":{"code":131042}}""", "Blocked:payment-required")]
    [InlineData(400, """{"error":{"code":131047}}""", "Refused:window-closed")]
    [InlineData(400, """{"error":{"code":131026}}""", "Refused:recipient-unreachable")]
    [InlineData(400, """{"error":{"code":131049}}""", "Refused:not-delivered")]
    [InlineData(400, """{"error":{"code":132015}}""", "Refused:template-refused")]
    [InlineData(400, """{"error":{"code":100}}""", "Refused:bad-request")]
    [InlineData(400, """{"error":{"code":987654}}""", "Refused:rejected")]
    [InlineData(404, "<html>", "Blocked:wrong-address")]
    [InlineData(302, "", "Blocked:wrong-address")]
    public void An_answer_has_one_outcome(int status, string body, string expected)
    {
        using var answer = WhatsAppCloudAnswer.Of((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), null);

        Assert.Equal(expected, Shown(WhatsAppCloudErrors.ToOutcome(answer)));
    }

    [Fact]
    public void What_is_about_one_person_says_so_and_what_is_about_the_number_does_not()
    {
        Assert.True(Later("""{"error":{"code":131056}}""").OfThisMessage);
        Assert.True(Later("""{"error":{"code":131053}}""").OfThisMessage);
        Assert.Equal(3, Later("""{"error":{"code":131053}}""").MostAttempts);
        Assert.False(Later("""{"error":{"code":130429}}""").OfThisMessage);
    }

    [Theory]
    [InlineData(400, 80007, null, 14)]
    [InlineData(400, 80007, 60, 14)]
    [InlineData(400, 80007, 1800, 30)]
    [InlineData(429, 987654, null, 14)]
    public void A_spent_budget_of_calls_rests_as_long_as_Meta_says(int status, int code, int? retryAfter, int expected)
    {
        using var answer = WhatsAppCloudAnswer.Of(
            (HttpStatusCode)status, Encoding.UTF8.GetBytes($$$"""{"error":{"code":{{{code}}}}}"""), retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            new WhatsAppCloudUsage(100, TimeSpan.FromMinutes(14)));

        Assert.Equal(TimeSpan.FromMinutes(expected), Assert.IsType<SendOutcome.TryLater>(WhatsAppCloudErrors.ToOutcome(answer)).After);
    }

    [Fact]
    public void What_one_template_waits_for_keeps_nobody_else_waiting() => Assert.True(Later("""{"error":{"code":134101}}""") is { OfThisMessage: true, After.TotalMinutes: 10 });

    [Fact]
    public void Suspected_spam_rests_for_long() => Assert.True(Later("""{"error":{"code":131048}}""").After >= TimeSpan.FromMinutes(15));

    [Fact]
    public void Every_shared_answer_has_the_class_that_is_named()
    {
        if (Places.Shared is not { } shared)
        {
            return;
        }

        var cases = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(shared, "fixtures", "whatsapp_cloud", "api_responses.json"))).GetProperty("cases");
        Assert.NotEqual(0, cases.GetArrayLength());
        foreach (var one in cases.EnumerateArray())
        {
            using var answer = WhatsAppCloudAnswer.Of((HttpStatusCode)one.GetProperty("status").GetInt32(), Encoding.UTF8.GetBytes(one.GetProperty("body").GetRawText()), null);
            var outcome = WhatsAppCloudErrors.ToOutcome(answer);

            var fits = one.GetProperty("expect").GetProperty("class").GetString() switch
            {
                "ok" => outcome == new SendOutcome.Accepted(one.GetProperty("expect").GetProperty("message_id").GetString()!),
                "throttle" => outcome is SendOutcome.TryLater later && later.OfThisMessage == (one.GetProperty("expect").GetProperty("scope").GetString() == "pair"),
                "retry" => outcome is SendOutcome.TryLater,
                "auth" => outcome is SendOutcome.Blocked { Code: "unauthorized" },
                "blocked_account" => outcome is SendOutcome.Blocked { Code: "account-restricted" },
                "window_closed" => outcome is SendOutcome.Refused { Code: "window-closed" },
                "permanent_recipient" or "permanent_request" => outcome is SendOutcome.Refused,
                "unknown_outcome" => outcome is SendOutcome.Unknown,
                _ => false,
            };
            Assert.True(fits, $"{one} became {outcome}");
        }
    }

    private static SendOutcome.TryLater Later(string body)
    {
        using var answer = WhatsAppCloudAnswer.Of(HttpStatusCode.BadRequest, Encoding.UTF8.GetBytes(body), null);
        return Assert.IsType<SendOutcome.TryLater>(WhatsAppCloudErrors.ToOutcome(answer));
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
