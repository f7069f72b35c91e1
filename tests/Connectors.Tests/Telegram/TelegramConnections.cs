using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Connectors.Tests.Telegram;

/// <summary>Channels of made-up bots.</summary>
internal static class TelegramConnections
{
    public const string BotId = "7000000001";
    public const string Username = "harbour_shop_bot";
    public const string Secret = "AAF-secret_part_of_the_token";

    public static string Token => $"{BotId}:{Secret}";

    /// <summary>The bot that the samples came to.</summary>
    public static Connection Of(string? token = null, string? username = Username) => username is null
        ? TestConnections.To(new { bot_token = token ?? Token }, identity: "harbour-shop")
        : TestConnections.To(new { bot_token = token ?? Token, bot_username = username }, identity: "harbour-shop");

    /// <summary>The same bot behind a Bot API server of one's own.</summary>
    public static Connection At(Uri server, string? token = null, string mode = "webhook", bool dropPending = false, int sendTimeoutSeconds = 20, string webhookSecret = TestConnections.WebhookSecret, Uri? webhookUrl = null) =>
        TestConnections.To(
            new { bot_token = token ?? Token, bot_username = Username, base_url = server.ToString(), mode, drop_pending_updates = dropPending, send_timeout_seconds = sendTimeoutSeconds },
            webhookSecret, "harbour-shop", webhookUrl ?? new Uri("https://channels.example/webhooks/telegram/1"));

    public static OutboundMessage Message(string text = "We open at nine.", string chat = "44001", string? replyTo = null) =>
        new(new MessageId(Guid.Parse("00000000-0000-7000-8000-000000000003")), chat, text, replyTo);
}
