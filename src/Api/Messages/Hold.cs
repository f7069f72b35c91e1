using System.Text.Json.Serialization;
using Channels.Storage.Channels;

namespace Channels.Api.Messages;

/// <summary>Why nothing of a channel moves, since when, and what to do. Pure.</summary>
/// <param name="Reason">A word of ours: <c>channel_deleted, tenant_suspended, channel_not_active</c> or <c>rate_limited</c>.</param>
/// <param name="What">The same in words.</param>
/// <param name="Since">Since when; null where nobody recorded it.</param>
/// <param name="NextStep">What to do.</param>
internal sealed record Hold(string Reason, string What, DateTimeOffset? Since, string NextStep)
{
    /// <summary>When it ends by itself; absent when it does not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>What keeps a message from being answered.</summary>
    public static Hold? OfTurn(DateTimeOffset? suspendedAt, ChannelDetails? channel) => (channel, suspendedAt) switch
    {
        (null, _) => new("channel_deleted", "The channel was deleted.", null, "Nothing: what waited in it stays as it is. Answer through another channel if it matters."),
        (_, { } since) => new("tenant_suspended", "The tenant is suspended.", since, "Ask the operator to resume the tenant; what waits goes on by itself."),
        _ => null,
    };

    /// <summary>What keeps a reply from leaving.</summary>
    public static Hold? OfReply(DateTimeOffset? suspendedAt, ChannelDetails? channel, DateTimeOffset now) => OfTurn(suspendedAt, channel) ?? channel switch
    {
        null => null,
        { Status: not "active" } => new(
            "channel_not_active", channel.StatusReason is { } reason ? $"The channel is {channel.Status}: {reason}" : $"The channel is {channel.Status}.", channel.StatusSince, Mending(channel)),
        _ when channel.Throttle.At(now) is { HeldUntil: { } until } throttle => new(
            "rate_limited", $"The provider wants nothing of this account until {until:u}: {throttle.HeldReason}", null, "Nothing: what waits leaves by itself then.") { Until = until },
        _ => null,
    };

    // Switched off, or never on: there is one button. Anything else has its own advice, which the account's status holds.
    private static string Mending(ChannelDetails channel) => channel switch
    {
        { Status: not ("inactive" or "pending"), NextStep: { } advice } => advice,
        _ => $"Activate the channel with POST /api/v1/channels/{channel.Account.Value}/activate; what waits leaves by itself then.",
    };
}
