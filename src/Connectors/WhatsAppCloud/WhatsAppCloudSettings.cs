using System.Collections.Immutable;
using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>One number's settings, ready for use: where the Graph API is and as whom to speak.</summary>
internal sealed record WhatsAppCloudSettings(string BaseUrl, string Version, string PhoneNumberId, string? BusinessAccountId, string AccessToken, TimeSpan SendTimeout)
{
    /// <summary>The setting with Meta's id of the number: what webhooks name it by.</summary>
    public const string PhoneNumberIdName = "phone_number_id";

    /// <summary>The setting with Meta's id of the business account, which has several numbers.</summary>
    public const string BusinessAccountIdName = "business_account_id";

    private const string DefaultVersion = "v23.0";
    private const string DefaultBaseUrl = "https://graph.facebook.com";
    private static readonly TimeSpan _sendTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Null when the settings are not what the manifest's schema asks for.</summary>
    public static WhatsAppCloudSettings? Read(Connection connection)
    {
        var (number, token, url) = (connection.Setting(PhoneNumberIdName), connection.Setting("access_token"), connection.Setting("base_url") ?? DefaultBaseUrl);
        return number is { Length: > 0 } && token is { Length: > 0 } && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new(url.TrimEnd('/'), connection.Setting("api_version") ?? DefaultVersion, number, connection.Setting(BusinessAccountIdName), token, TimeoutOf(connection))
            : null;
    }

    /// <summary>Whether activation points the number's webhooks to the channel's own address.</summary>
    public static bool SetsWebhook(Connection connection) =>
        connection.Settings.ValueKind == JsonValueKind.Object && connection.Settings.TryGetProperty("set_webhook", out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>Every app secret that may sign webhooks now: the current one, and the former one while it is being changed.</summary>
    public static ImmutableArray<string> AppSecretsOf(Connection connection) =>
        [.. new[] { connection.Setting("app_secret"), connection.Setting("app_secret_previous") }.OfType<string>().Where(secret => secret.Length > 0)];

    /// <summary>What Meta must repeat when the webhook's address is set.</summary>
    public static string VerifyTokenOf(Connection connection) => connection.Setting("verify_token") is { Length: > 0 } token ? token : connection.WebhookSecret;

    /// <summary>The address of a call about an object of the graph (a number, an account, a file), or about a list below it.</summary>
    public Uri CallTo(string node, string edge = "", string query = "") =>
        new($"{BaseUrl}/{Version}/{Uri.EscapeDataString(node)}{(edge.Length > 0 ? "/" : "")}{edge}{query}");

    /// <summary>Only the harmless half: a record's own text would print the token.</summary>
    public override string ToString() => $"WhatsApp Cloud number {PhoneNumberId}";

    private static TimeSpan TimeoutOf(Connection connection) =>
        connection.Settings.TryGetProperty("send_timeout_seconds", out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var seconds) && seconds is > 0 and <= 90
            ? TimeSpan.FromSeconds(seconds)
            : _sendTimeout;
}
