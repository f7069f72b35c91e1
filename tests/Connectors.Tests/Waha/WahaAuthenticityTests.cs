using System.Security.Cryptography;
using System.Text;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaAuthenticityTests
{
    private const string Secret = "our-webhook-secret-0123456789";
    private static readonly byte[] _body = "{\"event\":\"message\"}"u8.ToArray();
    private static readonly PayloadIndex? _shared = PayloadIndex.OfShared("waha");

    public static TheoryData<int> SharedCases => _shared is null ? [-1] : [.. Enumerable.Range(0, _shared.Root.GetProperty("signature_cases").GetArrayLength())];

    [Theory]
    [InlineData("X-Webhook-Secret", Secret, true)]
    [InlineData("x-api-key", Secret, true)]
    [InlineData("X-Webhook-Secret", "our-webhook-secret-012345678", false)]
    [InlineData("X-Webhook-Secret", "", false)]
    [InlineData("Cookie", Secret, false)]
    public void The_secret_is_believed_in_its_headers_only(string header, string value, bool expected) => Assert.Equal(expected, IsProven(headers: [(header, value)]));

    [Theory]
    [InlineData(Secret, true)]
    [InlineData("/" + Secret + "/more", true)]
    [InlineData("more/" + Secret, false)]
    public void The_secret_is_believed_as_the_first_part_of_the_path(string path, bool expected) => Assert.Equal(expected, IsProven(path));

    [Theory]
    [InlineData(null, true)]
    [InlineData("sha512", true)]
    [InlineData("SHA512", true)]
    [InlineData("sha256", false)]
    [InlineData("none", false)]
    public void A_signature_is_of_the_one_algorithm(string? algorithm, bool expected) =>
        Assert.Equal(expected, IsProven(headers: [("X-Webhook-Hmac", Signature(Secret, _body)), ("X-Webhook-Hmac-Algorithm", algorithm ?? "")]));

    [Fact]
    public void A_signature_of_other_bytes_or_by_another_key_is_not_believed()
    {
        Assert.False(IsProven(headers: [("X-Webhook-Hmac", Signature(Secret, "{\"event\": \"message\"}"u8.ToArray()))]));
        Assert.False(IsProven(headers: [("X-Webhook-Hmac", Signature("another key", _body))]));
        Assert.False(IsProven(headers: [("X-Webhook-Hmac", new string('g', 128))]));
    }

    [Theory]
    [MemberData(nameof(SharedCases))]
    public void A_shared_case_is_judged_as_its_index_says(int number)
    {
        if (_shared is null)
        {
            return;
        }

        var known = _shared.Root.GetProperty("signature_cases")[number];
        string? Header(string name) => name switch
        {
            "X-Webhook-Hmac" => known.GetProperty("hmac").GetString(),
            "X-Webhook-Hmac-Algorithm" => known.GetProperty("algorithm").GetString(),
            _ => null,
        };
        var request = new WebhookRequest("", "", Header, _shared.BytesOf(known.GetProperty("file").GetString()!));

        Assert.Equal(known.GetProperty("valid").GetBoolean(), WahaAuthenticity.IsProven(request, _shared.Root.GetProperty("hmac_key").GetString()!));
    }

    private static bool IsProven(string path = "", params (string Name, string Value)[] headers) => WahaAuthenticity.IsProven(
        new WebhookRequest(path, "", name => Array.Find(headers, header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)).Value, _body), Secret);

    private static string Signature(string key, byte[] body) => Convert.ToHexStringLower(HMACSHA512.HashData(Encoding.UTF8.GetBytes(key), body));
}
