using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads a changed reaction: Telegram tells all that somebody had and all that they have now.</summary>
internal static class TelegramReactionReader
{
    private const int Most = 32;
    private const int LongestType = 32;

    public static ChannelEvent Read(TelegramUpdate update)
    {
        var changed = update.Value;
        var parties = TelegramParties.Read(changed, update, TelegramOrigin.Chat);
        var (before, now) = (changed.Member("old_reaction"), changed.Member("new_reaction"));
        var removed = IsEmpty(now);
        if (removed && IsEmpty(before))
        {
            return parties.Place(update.Ignored("no reaction, before or after"));
        }

        // Of several the new one is what they did; where one of several went, what is left is what they have.
        var has = Emojis(now);
        var emoji = removed ? "" : has.Except(Emojis(before)).LastOrDefault() ?? has.LastOrDefault();
        var who = changed.Member("actor_chat") is { ValueKind: JsonValueKind.Object } anonymous ? anonymous : changed.Member("user");
        return parties.Place(update.Event(EventKinds.MessageReaction, EventAction.StoreOnly)) with
        {
            SenderId = who.Id("id"),
            SenderName = TelegramParties.NameOf(who),
            Timestamp = TelegramParties.Time(changed, "date"),
            TargetMessageId = changed.Id("message_id"),
            Emoji = emoji,
            Removed = removed ? true : null,

            // The same person reacts to the same message again and again.
            Revision = update.Id.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static bool IsEmpty(JsonElement reactions) => !reactions.IsArray() || reactions.GetArrayLength() == 0;

    private static List<string> Emojis(JsonElement reactions) =>
        reactions.IsArray() ? [.. reactions.EnumerateArray().Take(Most).Select(EmojiOf).OfType<string>()] : [];

    // Emojis of one's own making have no character, only an id. A sort of reaction that this version does not know is called by its type.
    private static string? EmojiOf(JsonElement reaction) => reaction.Text("type") switch
    {
        "emoji" => reaction.Filled("emoji"),
        "custom_emoji" when reaction.Id("custom_emoji_id") is { } id => $"custom:{id}",
        "paid" => "\u2b50",
        var type => type is { Length: > 0 and <= LongestType } ? type : null,
    };
}
