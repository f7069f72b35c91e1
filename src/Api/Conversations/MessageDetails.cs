using System.Collections.Frozen;
using System.Text.Json;

namespace Channels.Api.Conversations;

/// <summary>The fields of an event that have no column, as they stand beside a message's own.</summary>
internal static class MessageDetails
{
    // What a message says itself is not said twice.
    private static readonly FrozenSet<string> Own = new[]
    {
        "id", "direction", "author", "kind", "text", "status", "reason", "provider_message_id", "sender", "possibly_duplicate", "created_at", "occurred_at",
        "status_at", "edited_at", "action", "account", "chat_id", "chat_type", "message_id", "from_me", "timestamp", "sender_id", "sender_name", "waiting",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static Dictionary<string, JsonElement>? Of(JsonElement? details)
    {
        if (details is not { ValueKind: JsonValueKind.Object } given)
        {
            return null;
        }

        return given.EnumerateObject().Where(member => !Own.Contains(member.Name)).ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
    }
}
