using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads a changed reaction: Telegram tells all that somebody had and all that they have now.</summary>
internal static class TelegramReactionReader
{
    private const int Most = 32;

    public static ChannelEvent Read(TelegramUpdate update)
    {
        var changed = update.Value;
        var parties = TelegramParties.Read(changed, update, TelegramOrigin.Chat);
        if (parties.Chat is null || changed.Id("message_id") is not { } target)
        {
            return update.Ignored("no chat or no message id");
        }

        var before = Emojis(changed.Member("old_reaction"));
        var now = Emojis(changed.Member("new_reaction"));

        // Of several the new one is what they did; where one of several went, what is left is what they have.
        var emoji = now.Except(before).LastOrDefault() ?? now.LastOrDefault() ?? "";
        var who = changed.Member("actor_chat") is { ValueKind: JsonValueKind.Object } anonymous ? anonymous : changed.Member("user");
        return parties.Place(update.Event(EventKinds.MessageReaction, EventAction.StoreOnly)) with
        {
            SenderId = who.Id("id"),
            SenderName = TelegramParties.NameOf(who),
            Timestamp = TelegramParties.Time(changed, "date"),
            TargetMessageId = target,
            Emoji = emoji,
            Removed = emoji.Length == 0 ? true : null,

            // The same person reacts to the same message again and again.
            Revision = update.Id.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static List<string> Emojis(JsonElement reactions) =>
        reactions.IsArray() ? [.. reactions.EnumerateArray().Take(Most).Select(EmojiOf).OfType<string>()] : [];

    // Emojis of one's own making have no character, only an id.
    private static string? EmojiOf(JsonElement reaction) => reaction.Text("type") switch
    {
        "emoji" => reaction.Filled("emoji"),
        "custom_emoji" when reaction.Id("custom_emoji_id") is { } id => $"custom:{id}",
        "paid" => "\u2b50",
        _ => null,
    };
}
