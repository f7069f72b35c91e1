using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Which way a message came to us.</summary>
internal enum WhatsAppOrigin
{
    /// <summary>From a customer, or from a person of ours on the phone.</summary>
    Arrived,

    /// <summary>Sent over the gateway's API, by us or by another program.</summary>
    ApiSend,

    /// <summary>The past, told at pairing.</summary>
    History,
}

/// <summary>Decides what a read message asks of us, by where it came from: the customer, our side, the past, or a chat we do not serve.</summary>
internal static class WhatsAppPlacing
{
    /// <param name="message">What was read.</param>
    /// <param name="chat">Where it stands.</param>
    /// <param name="origin">Which way it came.</param>
    /// <param name="stories">Why a story is ignored, in the words of its kind.</param>
    public static ChannelEvent Place(ChannelEvent message, WhatsAppJid chat, WhatsAppOrigin origin, string stories)
    {
        var placed = origin == WhatsAppOrigin.History ? AsHistory(message)
            : message.FromMe == true ? AsEcho(message, origin)
            : AsArrived(message, chat);
        return chat switch
        {
            { IsStatus: true } => placed with { Action = EventAction.Ignore, Reason = stories },
            { IsNewsletter: true } => placed with { Action = EventAction.Ignore, Reason = "newsletter" },
            _ when message.Action == EventAction.Ignore => placed with { Action = EventAction.Ignore, Reason = message.Reason },
            _ => placed,
        };
    }

    private static ChannelEvent AsArrived(ChannelEvent message, WhatsAppJid chat) => message.Kind switch
    {
        // A reaction or a vote is no question; an unsupported message is one we could only answer blindly.
        EventKinds.MessageReaction or EventKinds.MessagePollVote or EventKinds.MessageUnsupported => message with { Action = EventAction.StoreOnly },

        // A broadcast list is one person's note to many: kept, and not answered into their private chat.
        _ when chat.ChatType == "broadcast" => message with { Action = EventAction.StoreOnly, Reason = "broadcast list" },
        _ => message,
    };

    // Reactions, votes and what is not passed on as well: all of it happened long ago, belongs where it happened, and is no news.
    private static ChannelEvent AsHistory(ChannelEvent message) => message with { Kind = EventKinds.HistoryMessage, Action = EventAction.StoreOnly };

    /// <remarks>
    /// The list of echo kinds is closed: a file of any sort is <c>echo.image</c> (its media says which), anything with choices, places or
    /// cards is <c>echo.interactive</c>. A reaction or a vote of ours has no echo kind and is no answer that should pause the agent.
    /// </remarks>
    private static ChannelEvent AsEcho(ChannelEvent message, WhatsAppOrigin origin)
    {
        if (message.Kind is EventKinds.MessageReaction or EventKinds.MessagePollVote)
        {
            return message with { Action = EventAction.StoreOnly };
        }

        var action = origin == WhatsAppOrigin.ApiSend ? EventAction.ReconcileOutbound : EventAction.StoreOutbound;
        return message with { Kind = EchoKind(message), Action = action };
    }

    private static string EchoKind(ChannelEvent message) => message.Kind switch
    {
        EventKinds.MessageText => EventKinds.EchoText,
        EventKinds.MessageUnsupported when message.Reason is { } leaf && WhatsAppLeaves.IsInteractive(leaf) => EventKinds.EchoInteractive,
        EventKinds.MessageUnsupported => EventKinds.MessageUnsupported,
        _ when message.Media is not null => EventKinds.EchoImage,
        _ => EventKinds.EchoInteractive,
    };
}
