using Channels.Core.Channels;
using Channels.Core.Events;

namespace Channels.Grains.Routing;

/// <summary>Decides whether a message starts an agent turn. Knows nothing of grains, storage or the network.</summary>
/// <remarks>Message path, step 4 of 6: the parser has said what the message is, here the channel's policy says what to do about it.</remarks>
public static class Router
{
    /// <summary>Why a message is too old, in the tenant's words.</summary>
    internal const string TooOld = "older than the channel's answer_max_age";

    /// <summary>The decision for an inbound message.</summary>
    public static RoutingDecision Decide(ChannelEvent message, RoutingSnapshot channel) => message switch
    {
        { Kind: EventKinds.MessageUnsupported } => new RoutingDecision.Record("unsupported", message.Reason ?? "an unknown sort of message"),
        { Action: not EventAction.Process } => new RoutingDecision.Record("received", message.Reason ?? "recorded, not to be answered"),
        _ when !channel.HasAgent => new RoutingDecision.Record("received", "the channel has no agent"),
        _ when ChatTypes.IsGroup(message) && !channel.Policy.Groups => new RoutingDecision.Record("ignored", "groups are not answered on this channel"),
        _ when IsTooOld(message, channel) => new RoutingDecision.Record("ignored", TooOld),
        { Text: null or "" } when !channel.AgentAcceptsMedia => new RoutingDecision.Record("ignored", "no text, and the agent takes text only"),
        _ => new RoutingDecision.Turn(),
    };

    private static bool IsTooOld(ChannelEvent message, RoutingSnapshot channel) =>
        channel.Policy.AnswerMaxAge is { } most && message.Timestamp is { } sent && channel.Now - sent > most;
}

/// <summary>What routing needs to know of a channel.</summary>
/// <param name="Policy">Its owner's decisions.</param>
/// <param name="HasAgent">Whether anything answers at all.</param>
/// <param name="AgentAcceptsMedia">Whether messages without text make sense to it.</param>
/// <param name="Now">For ages.</param>
/// <param name="FileWait">How long a turn waits for a file that must be fetched; zero for not at all.</param>
public sealed record RoutingSnapshot(ChannelPolicy Policy, bool HasAgent, bool AgentAcceptsMedia, DateTimeOffset Now, TimeSpan FileWait = default);

/// <summary>What becomes of an inbound message. The family is closed.</summary>
public abstract record RoutingDecision
{
    private RoutingDecision()
    {
    }

    /// <summary>Record it and let the agent answer.</summary>
    public sealed record Turn : RoutingDecision;

    /// <summary>Record it with this status, and the reason why nobody is asked.</summary>
    public sealed record Record(string Status, string Reason) : RoutingDecision;
}
