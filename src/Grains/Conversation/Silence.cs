using System.Globalization;
using Channels.Core.Channels;
using Channels.Core.Conversations;
using Channels.Core.Transcript;
using Channels.Grains.Routing;

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
        : burst.Turns.All(turn => turn.Deleted) ? TranscriptReasons.Deleted
        : pausedUntil > now ? "a person answers this conversation"
        : outOfReach is { } gone && burst.Turns.All(turn => turn.OccurredAt <= gone.Since)
            ? string.Create(CultureInfo.InvariantCulture, $"no answer can be delivered: {gone.Reason} (since {gone.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'})")
        : null;

    /// <summary>Why what has waited is not asked any more: its turn came when it was older than its channel wants. Null when it is not, and where its agent has been asked already.</summary>
    /// <param name="policy">The channel's.</param>
    /// <param name="fileWait">How long its messages may wait for their files: what they waited by the owner's wish makes them no older.</param>
    /// <param name="burst">What would be answered; as young as its youngest.</param>
    /// <param name="now">The present.</param>
    public static string? OfAge(ChannelPolicy policy, TimeSpan fileWait, Burst burst, DateTimeOffset now) =>
        policy.AnswerMaxAge is { } most && burst.First.AnswerBy is null && now - burst.Turns.Max(turn => turn.OccurredAt) > most + (Burst.MostWaits * policy.Debounce) + fileWait
            ? Router.TooOld
            : null;
}
