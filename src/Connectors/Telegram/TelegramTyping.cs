using Channels.Core.Connectors;

namespace Channels.Connectors.Telegram;

/// <summary>Shows "typing…" in a chat. Telegram takes the sign away after five seconds, or when a message comes.</summary>
internal sealed class TelegramTyping(TelegramApi api)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    public async Task ShowAsync(Connection connection, string chatId, CancellationToken cancellationToken)
    {
        var address = TelegramAddress.Parse(chatId);
        if (TelegramSettings.Read(connection) is { } settings && address is { Guest: null, ChatIdentifier: not null })
        {
            using var answer = await api.CallAsync(settings, "sendChatAction", TelegramPayloads.ChatAction(address), _limit, cancellationToken);
        }
    }
}
