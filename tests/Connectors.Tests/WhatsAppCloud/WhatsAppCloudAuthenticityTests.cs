using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudAuthenticityTests
{
    private static readonly byte[] _body = """{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"text":"pre\u00e7o a\/b"}}]}]}"""u8.ToArray();
    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    [Theory]
    [InlineData("current-secret", null, "current-secret", true)]
    [InlineData("current-secret", "former-secret", "current-secret", true)]
    [InlineData("current-secret", "former-secret", "former-secret", true)]
    [InlineData("current-secret", "former-secret", "third-secret", false)]
    [InlineData("current-secret", "", "", false)]
    [InlineData(null, null, "current-secret", false)]
    public void Any_of_the_secrets_that_are_valid_now_proves_a_body(string? current, string? former, string used, bool expected) =>
        Assert.Equal(expected, IsAuthentic(Sign(_body, used), _body, TestConnections.To(new { app_secret = current, app_secret_previous = former })));

    [Fact]
    public void The_signature_is_over_the_bytes_as_they_came()
    {
        var written = JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize<JsonElement>(_body));

        Assert.NotEqual(_body, written);
        Assert.False(IsAuthentic(Sign(written, "current-secret"), _body, TestConnections.To(new { app_secret = "current-secret" })));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256=")]
    [InlineData("sha256=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("sha256=ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé")]
    public void What_is_no_signature_proves_nothing(string? header) =>
        Assert.False(IsAuthentic(header, _body, TestConnections.To(new { app_secret = "current-secret" })));

    [Fact]
    public void Two_headers_of_one_name_prove_nothing()
    {
        var right = Sign(_body, "current-secret");

        Assert.False(IsAuthentic($"{right},{right}", _body, TestConnections.To(new { app_secret = "current-secret" })));
    }

    [Fact]
    public void The_shared_signature_cases_come_out_as_named()
    {
        if (PayloadIndex.OfSharedSet("whatsapp_cloud") is not { } shared)
        {
            return;
        }

        var secret = shared.Root.GetProperty("meta_app_secret").GetString();
        foreach (var one in shared.Root.GetProperty("signature_cases").EnumerateArray())
        {
            var body = shared.BytesOf(one.GetProperty("file").GetString()!);

            Assert.True(one.GetProperty("valid").GetBoolean() == IsAuthentic(one.GetProperty("header").GetString(), body, TestConnections.To(new { app_secret = secret })), one.ToString());
        }

        foreach (var file in shared.Files)
        {
            if (shared.EntryOf(file).TryGetProperty("x_hub_signature_256", out var header))
            {
                Assert.True(IsAuthentic(header.GetString(), shared.BytesOf(file), TestConnections.To(new { app_secret = secret })), file);
            }
        }
    }

    private bool IsAuthentic(string? header, byte[] body, Connection connection) =>
        _connector.IsAuthentic(new("", "", name => name.Equals("x-hub-signature-256", StringComparison.OrdinalIgnoreCase) ? header : null, body), connection, DateTimeOffset.UnixEpoch);

    private static string Sign(byte[] body, string secret) => $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))}";
}
