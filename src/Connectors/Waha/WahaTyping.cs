using Channels.Core.Connectors;

namespace Channels.Connectors.Waha;

/// <summary>Shows a contact that their messages were seen and that somebody is typing, and takes the sign away when its time is over; a message that is sent takes it away by itself.</summary>
/// <remarks>Seen first: nobody types an answer to what they have not read, and WhatsApp looks for accounts that do.</remarks>
internal sealed class WahaTyping(WahaApi api, TimeProvider clock)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(5);

    public async Task ShowAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings)
        {
            return;
        }

        var body = WahaPayloads.Chat(settings, chatId);
        using var seen = await api.CallAsync(settings, HttpMethod.Post, settings.CallTo("sendSeen"), body, _limit, cancellationToken);
        using var started = await api.CallAsync(settings, HttpMethod.Post, settings.CallTo("startTyping"), body, _limit, cancellationToken);
        if (started.IsSuccess)
        {
            await Task.Delay(duration, clock, cancellationToken);
            using var stopped = await api.CallAsync(settings, HttpMethod.Post, settings.CallTo("stopTyping"), body, _limit, cancellationToken);
        }
    }
}
