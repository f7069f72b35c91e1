using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads what became of the bot's own membership: in a private chat, whether its contact blocked it; elsewhere, whether it may still write.</summary>
internal static class TelegramMembershipReader
{
    public static ChannelEvent Read(TelegramUpdate update)
    {
        var parties = TelegramParties.Read(update.Value, update, TelegramOrigin.Chat);
        if (MayWrite(update.Value.Member("new_chat_member")) is not { } mayWrite)
        {
            return parties.Place(update.Ignored("no status that this version knows"));
        }

        var before = MayWrite(update.Value.Member("old_chat_member"));
        if (before == mayWrite && parties.ChatType != "private")
        {
            return parties.Place(update.Ignored("the bot's rights in the chat changed"));
        }

        var changed = mayWrite ? update.Event(EventKinds.MembershipUnblocked, EventAction.MarkReachable) : update.Event(EventKinds.MembershipBlocked, EventAction.MarkUnreachable);
        return parties.Place(changed) with
        {
            SenderId = update.Value.Member("from").Id("id"),
            SenderName = TelegramParties.NameOf(update.Value.Member("from")),
            Timestamp = TelegramParties.Time(update.Value, "date"),
            State = update.Value.Member("new_chat_member").Filled("status"),
        };
    }

    private static bool? MayWrite(JsonElement member) => member.Text("status") switch
    {
        "creator" or "administrator" or "member" => true,
        "restricted" => member.Flag("is_member") != false && member.Flag("can_send_messages") != false,
        "left" or "kicked" => false,
        _ => null,
    };
}
