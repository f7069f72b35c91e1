namespace Channels.Core.Events;

/// <summary>Reads <see cref="ChannelEvent.ChatType"/>: events keep a provider's own word for a chat, policies ask what it comes to.</summary>
public static class ChatTypes
{
    /// <summary>One person and us. A chat nobody said anything about is one.</summary>
    public static bool IsDirect(string? chatType) => chatType is null or "direct" or "private";

    /// <summary>Several people, of whom any may write.</summary>
    public static bool IsGroup(string? chatType) => chatType is "group" or "supergroup";
}
