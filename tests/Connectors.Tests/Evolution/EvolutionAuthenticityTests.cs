using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Evolution;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionAuthenticityTests
{
    private const string Secret = "our-webhook-secret-0123456789";
    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_767_261_600);
    private static readonly PayloadIndex? _shared = PayloadIndex.OfShared("evolution");

    public static TheoryData<int> SharedCases => _shared is null ? [-1] : [.. Enumerable.Range(0, _shared.Root.GetProperty("auth_cases").GetArrayLength())];

    [Theory]
    [InlineData("apikey", Secret, true)]
    [InlineData("X-Api-Key", Secret, true)]
    [InlineData("x-webhook-secret", Secret, true)]
    [InlineData("apikey", "our-webhook-secret-012345678", false)]
    [InlineData("apikey", "", false)]
    [InlineData("cookie", Secret, false)]
    public void The_secret_is_believed_in_its_headers_only(string header, string value, bool expected) =>
        Assert.Equal(expected, IsProven(header: (header, value)));

    [Theory]
    [InlineData(Secret, true)]
    [InlineData(Secret + "/messages-upsert", true)]
    [InlineData("/" + Secret + "/", true)]
    [InlineData("messages-upsert/" + Secret, false)]
    [InlineData("messages-upsert", false)]
    [InlineData("", false)]
    public void The_secret_is_believed_as_the_first_part_of_the_path(string path, bool expected) => Assert.Equal(expected, IsProven(path: path));

    [Fact]
    public void A_token_signed_with_the_secret_is_believed_until_it_expires()
    {
        var token = Token(Secret, new { iat = 1_767_261_590, exp = 1_767_262_190, app = "evolution", action = "webhook" });

        Assert.True(IsProven(header: ("Authorization", $"Bearer {token}")));
        Assert.False(IsProven(header: ("Authorization", $"Bearer {token}"), now: _now.AddMinutes(10)));
        Assert.False(IsProven(header: ("Authorization", token)));
    }

    [Theory]
    [InlineData("""{"exp":1767262190,"app":"other","action":"webhook"}""")]
    [InlineData("""{"exp":1767262190,"app":"evolution","action":"login"}""")]
    [InlineData("""{"app":"evolution","action":"webhook"}""")]
    [InlineData("""{"exp":"never","app":"evolution","action":"webhook"}""")]
    [InlineData("""[]""")]
    [InlineData("""not json""")]
    public void A_token_that_claims_something_else_is_not_believed(string claims) =>
        Assert.False(IsProven(header: ("Authorization", $"Bearer {Token(Secret, claims)}")));

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"HS512"}""")]
    [InlineData("""{}""")]
    public void A_token_does_not_choose_its_algorithm(string header) =>
        Assert.False(IsProven(header: ("Authorization", $"Bearer {Token(Secret, """{"exp":1767262190,"app":"evolution","action":"webhook"}""", header)}")));

    [Theory]
    [InlineData("Bearer ")]
    [InlineData("Bearer a.b.c")]
    [InlineData("Bearer ..")]
    [InlineData("Bearer a.b.c.d")]
    [InlineData("Bearer \ud800.é.###########################################")]
    public void A_broken_token_is_a_no_and_no_exception(string authorization) => Assert.False(IsProven(header: ("Authorization", authorization)));

    [Theory]
    [MemberData(nameof(SharedCases))]
    public void A_shared_case_is_judged_as_its_index_says(int number)
    {
        if (_shared is null)
        {
            return;
        }

        var known = _shared.Root.GetProperty("auth_cases")[number];
        var request = new WebhookRequest("", "", name => name == "Authorization" ? known.GetProperty("authorization").GetString() : null, default);

        var proven = EvolutionAuthenticity.IsProven(
            request, _shared.Root.GetProperty("jwt_key").GetString()!, DateTimeOffset.FromUnixTimeSeconds(known.GetProperty("now").GetInt64()));

        Assert.Equal(known.GetProperty("valid").GetBoolean(), proven);
    }

    private static bool IsProven((string Name, string Value)? header = null, string path = "", DateTimeOffset? now = null) =>
        EvolutionAuthenticity.IsProven(
            new WebhookRequest(path, "", name => string.Equals(name, header?.Name, StringComparison.OrdinalIgnoreCase) ? header?.Value : null, default), Secret, now ?? _now);

    private static string Token(string key, object claims, string header = """{"alg":"HS256","typ":"JWT"}""")
    {
        var content = $"{Encoded(header)}.{Encoded(claims as string ?? JsonSerializer.Serialize(claims))}";
        return $"{content}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(content)))}";
    }

    private static string Encoded(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
