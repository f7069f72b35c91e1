using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>One account's settings, ready for use: where the server is and as whom to speak.</summary>
internal sealed record WahaSettings(string BaseUrl, string Session, string? ApiKey, string? UserName, string? Password, bool WantsWholeHistory, TimeSpan SendTimeout)
{
    /// <summary>The setting with the session's name on the server.</summary>
    public const string SessionName = "session";

    /// <summary>What is said of settings that are not what the manifest's schema asks for.</summary>
    public const string Incomplete = "address, key or session is missing in the settings";

    private const string KeyHeader = "X-Api-Key";
    private static readonly TimeSpan _sendTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Null when the settings are not what the manifest's schema asks for.</summary>
    public static WahaSettings? Read(Connection connection)
    {
        var (url, key, session) = (connection.Setting("base_url"), connection.Setting("api_key"), connection.Setting(SessionName));
        var auth = connection.Settings.Member("auth");
        var (user, password) = (auth.Filled("username"), auth.Filled("password"));
        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && session is { Length: > 0 }
               && (key is { Length: > 0 } || (user is not null && password is not null))
            ? new(url!.TrimEnd('/'), session, key is { Length: > 0 } ? key : null, user, password, connection.Setting("import_strategy") == "all", TimeoutOf(connection))
            : null;
    }

    /// <summary>What proves who we are: the key, the proxy's user, or both.</summary>
    public ImmutableArray<(string Name, string Value)> Headers
    {
        get
        {
            var headers = ImmutableArray.Create(("Accept", "application/json"));
            headers = ApiKey is null ? headers : headers.Add((KeyHeader, ApiKey));
            return UserName is null || Password is null
                ? headers
                : headers.Add(("Authorization", $"Basic {BasicToken}"));
        }
    }

    /// <summary>User and password as the proxy is shown them; null for none.</summary>
    private string? BasicToken => UserName is null || Password is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes($"{UserName}:{Password}"));

    /// <summary>Everything of a call that may not be repeated in words: servers and proxies quote what they refuse.</summary>
    public string?[] Secrets(Connection connection, string? text = null) => [ApiKey, BasicToken, Password, connection.WebhookSecret, text];

    /// <summary>The address of a call that names the session elsewhere, or none.</summary>
    public Uri CallTo(string path) => new($"{BaseUrl}/api/{path}");

    /// <summary>The address of a call on the session itself.</summary>
    public Uri CallToSession(string action = "") => new($"{BaseUrl}/api/sessions/{Uri.EscapeDataString(Session)}{action}");

    /// <summary>The address of a call within the session.</summary>
    public Uri CallWithin(string path) => new($"{BaseUrl}/api/{Uri.EscapeDataString(Session)}/{path}");

    /// <summary>Only the harmless half: a record's own text would print the key.</summary>
    public override string ToString() => $"WAHA session {Session}";

    private static TimeSpan TimeoutOf(Connection connection) =>
        connection.Settings.Member("send_timeout_seconds") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var seconds) && seconds is > 0 and <= 90
            ? TimeSpan.FromSeconds(seconds)
            : _sendTimeout;
}
