using System.Globalization;
using Channels.Core.Channels;
using Channels.Core.Conversations;

namespace Channels.Grains.Conversation;

/// <summary>Why an agent is not asked, or its answer not sent. Pure.</summary>
internal static class Silence
{
    /// <summary>The reason in the tenant's words; null when the agent is to answer.</summary>
    /// <param name="channel">Whose agent.</param>
    /// <param name="pausedUntil">A person answers until then.</param>
    /// <param name="outOfReach">Set when the contact was found to be out of reach.</param>
    /// <param name="burst">What would be answered: a contact who has written since is within reach again.</param>
    /// <param name="now">The present.</param>
    public static string? Why(ChannelEntry channel, DateTimeOffset? pausedUntil, OutOfReach? outOfReach, Burst burst, DateTimeOffset now) =>
        channel.Agent.Kind == "none" ? "the channel has no agent"
        : pausedUntil > now ? "a person answers this conversation"
        : outOfReach is { } gone && burst.Turns.All(turn => turn.OccurredAt <= gone.Since)
            ? string.Create(CultureInfo.InvariantCulture, $"no answer can be delivered: {gone.Reason} (since {gone.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'})")
        : null;
}
