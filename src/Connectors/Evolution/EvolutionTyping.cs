using Channels.Core.Connectors;

namespace Channels.Connectors.Evolution;

/// <summary>Shows a contact that somebody is typing.</summary>
/// <remarks>The gateway answers when the sign is over, and with an error where it cannot show it. Neither is anybody's concern: it is a courtesy.</remarks>
internal sealed class EvolutionTyping(EvolutionApi api)
{
    // What a gateway takes beyond the sign itself.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    public async Task ShowAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is { } settings)
        {
            using var answer = await api.CallAsync(
                settings, HttpMethod.Post, settings.CallTo("chat/sendPresence"), EvolutionPayloads.SendPresence(chatId, duration), duration + Slack, cancellationToken);
        }
    }
}
