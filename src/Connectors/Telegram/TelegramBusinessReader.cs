using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads what happens to a business account that has connected the bot: messages taken back, and the connection itself.</summary>
internal static class TelegramBusinessReader
{
    /// <summary>One event for each message that is gone; Telegram names at most a hundred at once.</summary>
    private const int Most = 1_000;

    public static ImmutableArray<ChannelEvent> ReadDeleted(TelegramUpdate update)
    {
        var ids = update.Value.Member("message_ids");
        var chat = update.Value.Member("chat");
        var business = update.Value.Id("business_connection_id");
        var gone = update.Event(EventKinds.MessageDeleted, EventAction.UpdateMessage) with
        {
            ChatId = chat.Id("id"),
            ChatType = TelegramParties.ChatTypeOf(chat),
            Address = TelegramParties.AddressOf(update.Value, TelegramOrigin.Business) is { IsSpecial: true } address ? address.ToString() : null,
        };
        gone = business is null ? gone : gone with { Details = gone.Details.Add("business_connection_id", business) };
        var events = ids.EnumerateArray().Where(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _)).Take(Most)
            .Select(id => gone with { TargetMessageId = id.GetInt64().ToString(CultureInfo.InvariantCulture) }).ToImmutableArray();
        return events.IsEmpty ? [update.Ignored("an empty list")] : events;
    }

    /// <summary>One customer of the bot comes or goes. The bot's own connection is another thing and does not change.</summary>
    public static ChannelEvent ReadConnection(TelegramUpdate update)
    {
        var ignored = update.Ignored(update.Value.Flag("is_enabled") == false ? "a business account disconnected the bot" : "a business account connected the bot, or changed its rights");
        return ignored with
        {
            SenderId = update.Value.Member("user").Id("id"),
            SenderName = TelegramParties.NameOf(update.Value.Member("user")),
            Timestamp = TelegramParties.Time(update.Value, "date"),
            Details = update.Value.Id("id") is { } id ? ignored.Details.Add("business_connection_id", id) : ignored.Details,
        };
    }
}
