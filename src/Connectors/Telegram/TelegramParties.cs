using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Who wrote a message, and where.</summary>
/// <param name="Chat">The chat's id.</param>
/// <param name="ChatType"><c>private, group, supergroup, channel</c>.</param>
/// <param name="Address">Where an answer goes.</param>
/// <param name="SenderId">A user, or the chat in whose name somebody wrote.</param>
/// <param name="SenderName">As they call themselves.</param>
/// <param name="IsOurs">Our bot wrote it, or the business account or the channel it serves.</param>
/// <param name="IsOurBot">Our bot wrote it.</param>
/// <param name="IsBot">A bot wrote it, ours or another.</param>
internal sealed record TelegramParties(
    string? Chat, string? ChatType, TelegramAddress? Address, string? SenderId, string? SenderName, bool IsOurs, bool IsOurBot, bool IsBot)
{
    public static TelegramParties Read(JsonElement message, TelegramUpdate update, TelegramOrigin origin)
    {
        var (from, behalf, chat) = (message.Member("from"), message.Member("sender_chat"), message.Member("chat"));

        // An anonymous admin, or somebody who writes as a channel of theirs: "from" is then a stand-in that stands for everybody.
        var speaksAsChat = behalf.IsObject() && chat.Text("type") != "private";
        var senderId = speaksAsChat ? behalf.Id("id") : from.Id("id");
        var wroteAsOurs = update.BotId is not null && (from.Id("id") == update.BotId || message.Member("sender_business_bot").Id("id") == update.BotId);

        // In a business account's chat the chat is the customer; who else writes there is the account's owner, or a bot for them.
        var wroteAsBusiness = origin == TelegramOrigin.Business && !speaksAsChat && senderId is not null && chat.Text("type") == "private" && senderId != chat.Id("id");

        // In a topic of a channel's direct messages the topic is the customer; who else writes there does it for the channel.
        var wroteAsChannel = message.Member("direct_messages_topic").Member("user").Id("id") is { } customer && senderId is not null && senderId != customer;
        return new(
            chat.Id("id"), ChatTypeOf(chat), AddressOf(message, origin), senderId, speaksAsChat ? NameOf(behalf) : NameOf(from),
            wroteAsOurs || wroteAsBusiness || wroteAsChannel, wroteAsOurs, !speaksAsChat && from.Flag("is_bot") == true);
    }

    /// <summary>The sort of chat, in Telegram's word.</summary>
    public static string? ChatTypeOf(JsonElement chat) => chat.Filled("type") is { Length: <= 32 } type ? type : null;

    /// <summary>A user's first and last name, or a chat's title; the user name where there is neither.</summary>
    public static string? NameOf(JsonElement who)
    {
        var name = string.Join(' ', new[] { who.Filled("first_name"), who.Filled("last_name") }.Where(part => part is not null)).Trim();
        return name.Length > 0 ? name : who.Filled("title") ?? who.Filled("username");
    }

    /// <summary>
    /// A message's id in its chat. Null where Telegram gives none, which it writes as zero: an ephemeral message, which only its sender and the bot see, or one that is
    /// yet to be sent.
    /// </summary>
    public static string? MessageIdOf(JsonElement message) => message.Id("message_id") is { } id and not "0" ? id : null;

    /// <summary>Telegram's moments: whole seconds since 1970, zero for none.</summary>
    public static DateTimeOffset? Time(JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var seconds) && seconds is > 0 and < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <summary>An event's fields about the chat.</summary>
    public ChannelEvent Place(ChannelEvent happened) => happened with
    {
        ChatId = Chat, ChatType = ChatType, Address = Address is { IsSpecial: true } address ? address.ToString() : null, IsOneToOne = Address?.DirectTopic is not null,
    };

    /// <summary>What of a message says in which part of its chat it stands.</summary>
    public static ImmutableDictionary<string, object?> WithWhereabouts(ImmutableDictionary<string, object?> details, JsonElement message)
    {
        details = message.Id("message_thread_id") is { } thread ? details.Add("message_thread_id", thread) : details;
        details = message.Member("direct_messages_topic").Id("topic_id") is { } topic ? details.Add("direct_messages_topic_id", topic) : details;
        return message.Id("business_connection_id") is { } business ? details.Add("business_connection_id", business) : details;
    }

    /// <summary>Where an answer to this message goes; null without a chat.</summary>
    public static TelegramAddress? AddressOf(JsonElement message, TelegramOrigin origin)
    {
        if (message.Member("chat").Id("id") is not { } chat)
        {
            return null;
        }

        if (origin == TelegramOrigin.Guest)
        {
            return new(chat) { Guest = Word(message, "guest_query_id") };
        }

        // Outside of forums a thread is only what replies hang together by, and nothing can be sent to it.
        return new(chat)
        {
            Topic = message.Flag("is_topic_message") == true ? Word(message, "message_thread_id") : null,
            DirectTopic = Word(message.Member("direct_messages_topic"), "topic_id"),
            Business = Word(message, "business_connection_id"),
        };
    }

    // The address's own separator would read as another part; Telegram's ids have none.
    private static string? Word(JsonElement holder, string name) => holder.Id(name) is { } word && !word.Contains(':', StringComparison.Ordinal) ? word : null;
}
