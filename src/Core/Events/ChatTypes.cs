namespace Channels.Core.Events;

/// <summary>Reads <see cref="ChannelEvent.ChatType"/>: events keep a provider's own word for a chat, policies ask what it comes to.</summary>
public static class ChatTypes
{
    /// <summary>One person and us. A chat nobody said anything about is one.</summary>
    public static bool IsDirect(string? chatType) => chatType is null or "direct" or "private";

    /// <summary>Whether it happened in a chat of one person and us, whatever the provider calls it.</summary>
    public static bool IsDirect(ChannelEvent happened) => happened.IsOneToOne || IsDirect(happened.ChatType);

    /// <summary>Several people, of whom any may write.</summary>
    public static bool IsGroup(string? chatType) => chatType is "group" or "supergroup";

    /// <summary>Whether it happened among several people, whatever the provider calls it.</summary>
    public static bool IsGroup(ChannelEvent happened) => !happened.IsOneToOne && IsGroup(happened.ChatType);
}
