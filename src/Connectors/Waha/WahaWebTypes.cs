using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>The message types of WhatsApp Web, as the browser engines give them in <c>_data.type</c>.</summary>
internal static class WahaWebTypes
{
    /// <summary>The answer to a native-flow message; <c>native_flow</c> is such a message itself.</summary>
    public const string AnswerToFlow = "interactive_response";

    /// <summary>The kind of what we can read by its type; null for everything else.</summary>
    public static string? KindOf(string? type) => type switch
    {
        "chat" => EventKinds.MessageText,
        "image" => EventKinds.MessageImage,
        "video" or "ptv" => EventKinds.MessageVideo,
        "audio" => EventKinds.MessageAudio,
        "ptt" => EventKinds.MessageVoice,
        "document" => EventKinds.MessageDocument,
        "sticker" => EventKinds.MessageSticker,
        "location" or "live_location" => EventKinds.MessageLocation,
        "vcard" or "multi_vcard" => EventKinds.MessageContact,
        "list_response" => EventKinds.MessageListReply,
        "buttons_response" or "template_button_reply" or AnswerToFlow => EventKinds.MessageButtonReply,
        "poll_creation" => EventKinds.MessagePoll,
        _ => null,
    };

    /// <summary>What WhatsApp writes into a chat by itself.</summary>
    public static bool IsNote(string? type) => type is
        "e2e_notification" or "notification" or "notification_template" or "group_notification" or "broadcast_notification" or "newsletter_notification"
        or "gp2" or "call_log" or "protocol" or "debug" or "ciphertext" or "pinned_message" or "keep_in_chat" or "biz-cover-photo" or "revoked";
}
