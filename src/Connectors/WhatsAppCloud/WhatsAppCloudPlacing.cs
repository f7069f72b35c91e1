using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Decides what a read message asks of us, by which list it came in.</summary>
internal static class WhatsAppCloudPlacing
{
    private const string OwnedElsewhere = "another sender owns the chat";

    public static ChannelEvent Place(ChannelEvent message, WhatsAppCloudOrigin origin) => origin switch
    {
        WhatsAppCloudOrigin.Echo => AsEcho(message, EventAction.StoreOutbound),
        WhatsAppCloudOrigin.ApiSend => AsEcho(message, EventAction.ReconcileOutbound),
        WhatsAppCloudOrigin.Standby => AsStandby(message),
        WhatsAppCloudOrigin.History => AsHistory(message),
        _ => IsNoQuestion(message) ? message with { Action = EventAction.StoreOnly } : message,
    };

    /// <summary>A reaction is no question; an unsupported message is one we could only answer blindly.</summary>
    private static bool IsNoQuestion(ChannelEvent message) => message.Kind is EventKinds.MessageReaction or EventKinds.MessageUnsupported;

    /// <remarks>
    /// The list of echo kinds is closed: a file of any sort is <c>echo.image</c> (its media says which), anything with choices, places or
    /// cards is <c>echo.interactive</c>. A reaction of ours has no echo kind and is no answer that should pause the agent.
    /// </remarks>
    private static ChannelEvent AsEcho(ChannelEvent message, EventAction action) => message.Kind switch
    {
        EventKinds.MessageReaction => message with { Action = EventAction.StoreOnly },
        EventKinds.MessageDeleted => message,
        EventKinds.MessageEdited => message with { Kind = EventKinds.EchoEdited },
        EventKinds.MessageText => message with { Kind = EventKinds.EchoText, Action = action },
        EventKinds.MessageUnsupported => message with { Action = action },
        _ => message with { Kind = message.Media is null ? EventKinds.EchoInteractive : EventKinds.EchoImage, Action = action },
    };

    private static ChannelEvent AsStandby(ChannelEvent message) => message switch
    {
        { Action: EventAction.UpdateMessage } => message,
        { Kind: EventKinds.MessageReaction or EventKinds.MessageUnsupported } => message with { Action = EventAction.StoreOnly },
        _ => message with { Kind = EventKinds.StandbyMessage, Action = EventAction.StoreOnly, Reason = OwnedElsewhere },
    };

    /// <remarks>Reactions, what Meta does not pass on and files that are still to come as well: all of it happened long ago, belongs where it happened, and is no news.</remarks>
    private static ChannelEvent AsHistory(ChannelEvent message) =>
        message.Action == EventAction.UpdateMessage ? message : message with { Kind = EventKinds.HistoryMessage, Action = EventAction.StoreOnly };
}
