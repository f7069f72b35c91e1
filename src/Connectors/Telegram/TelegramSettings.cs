using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>One bot's settings, ready for use.</summary>
internal sealed record TelegramSettings(string BaseUrl, string Token, string BotId, string? Username, bool Polls, bool DropsPending, string? ParseMode, TimeSpan SendTimeout)
{
    private const string PublicServer = "https://api.telegram.org";
    private static readonly TimeSpan _sendTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Null when the settings are not what the manifest's schema asks for.</summary>
    public static TelegramSettings? Read(Connection connection)
    {
        var url = connection.Setting("base_url") ?? PublicServer;
        return connection.Setting("bot_token") is { } token && BotIdOf(token) is { } bot
               && Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? new(url.TrimEnd('/'), token, bot, UsernameOf(connection), connection.Setting("mode") == "polling", Flag(connection, "drop_pending_updates"),
                connection.Setting("parse_mode") is "HTML" or "MarkdownV2" ? connection.Setting("parse_mode") : null, TimeoutOf(connection))
            : null;
    }

    /// <summary>The bot's own id: the number before the token's colon.</summary>
    public static string? BotIdOf(string? token) =>
        token?.IndexOf(':', StringComparison.Ordinal) is > 0 and <= 20 and var colon && token.AsSpan(0, colon).IndexOfAnyExceptInRange('0', '9') < 0 ? token[..colon] : null;

    /// <summary>The bot's name without @; null where the settings do not say.</summary>
    public static string? UsernameOf(Connection connection) => connection.Setting("bot_username")?.TrimStart('@') is { Length: > 0 } name ? name : null;

    /// <summary>The address of a call; holds the token.</summary>
    public Uri CallTo(string method) => new($"{BaseUrl}/bot{Token}/{method}");

    /// <summary>The address of a file; holds the token.</summary>
    public Uri FileAt(string path) => new($"{BaseUrl}/file/bot{Token}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>Only the harmless half: a record's own text would print the token.</summary>
    public override string ToString() => $"Telegram bot {BotId}";

    private static bool Flag(Connection connection, string name) =>
        connection.Settings.ValueKind == JsonValueKind.Object && connection.Settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static TimeSpan TimeoutOf(Connection connection) =>
        connection.Settings.TryGetProperty("send_timeout_seconds", out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt32(out var seconds) && seconds is > 0 and <= 90
            ? TimeSpan.FromSeconds(seconds)
            : _sendTimeout;
}
