using System.Collections.Frozen;
using System.Text.Json;

namespace Channels.Connectors.Telegram;

/// <summary>Messages that nobody wrote: notes about the chat itself, which Telegram puts between people's words.</summary>
internal static class TelegramServiceNotes
{
    // All of Bot API 10.2 but those that carry something a person gave us: see TelegramContentReader.
    private static readonly FrozenSet<string> _names = new[]
    {
        "new_chat_members", "new_chat_member", "new_chat_participant", "left_chat_member", "left_chat_participant", "chat_owner_left", "chat_owner_changed", "new_chat_title",
        "new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created", "channel_chat_created", "message_auto_delete_timer_changed", "pinned_message",
        "refunded_payment", "gift", "unique_gift", "gift_upgrade_sent", "connected_website", "write_access_allowed", "proximity_alert_triggered", "boost_added",
        "chat_background_set", "community_chat_added", "community_chat_removed", "checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed", "forum_topic_created", "forum_topic_edited", "forum_topic_closed",
        "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed", "managed_bot_created",
        "paid_message_price_changed", "poll_option_added", "poll_option_deleted", "suggested_post_approved", "suggested_post_approval_failed", "suggested_post_declined",
        "suggested_post_paid", "suggested_post_refunded", "video_chat_scheduled", "video_chat_started", "video_chat_ended", "video_chat_participants_invited",
        "voice_chat_scheduled", "voice_chat_started", "voice_chat_ended", "voice_chat_participants_invited",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Which note it is; null for a message somebody wrote.</summary>
    public static string? NameOf(JsonElement message)
    {
        foreach (var member in message.EnumerateObject())
        {
            if (member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False) && _names.TryGetValue(member.Name, out var name))
            {
                return name;
            }
        }

        return null;
    }
}
