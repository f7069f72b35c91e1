using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Turns a Telegram update, of any Bot API version up to 10.2, into events in the product's words.</summary>
/// <remarks>
/// Message path, step 3 of 6. Pure: bytes in, events out; no clock, no I/O, no exception on any bytes. The table below is the whole list of
/// updates. An update is one happening; only the deletion of several business messages becomes several events.
/// </remarks>
internal static class TelegramInbound
{
    // What every one of its sort has, and nothing can be made of it without.
    private static readonly string[] _ofMessage = ["chat.id", "message_id"];

    private static readonly FrozenDictionary<string, (string[] Needs, Func<TelegramUpdate, ImmutableArray<ChannelEvent>> Read)> _readers =
        new Dictionary<string, (string[] Needs, Func<TelegramUpdate, ImmutableArray<ChannelEvent>> Read)>(StringComparer.Ordinal)
        {
            ["message"] = (_ofMessage, update => [TelegramMessageReader.Read(update, TelegramOrigin.Chat)]),
            ["business_message"] = (_ofMessage, update => [TelegramMessageReader.Read(update, TelegramOrigin.Business)]),
            ["guest_message"] = (_ofMessage, update => [TelegramMessageReader.Read(update, TelegramOrigin.Guest)]),
            ["channel_post"] = (_ofMessage, update => [TelegramMessageReader.Read(update, TelegramOrigin.Channel)]),
            ["edited_message"] = (_ofMessage, update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Chat)]),
            ["edited_business_message"] = (_ofMessage, update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Business)]),
            ["edited_channel_post"] = (_ofMessage, update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Channel)]),
            ["deleted_business_messages"] = (["chat.id", "message_ids"], TelegramBusinessReader.ReadDeleted),
            ["business_connection"] = ([], update => [TelegramBusinessReader.ReadConnection(update)]),
            ["callback_query"] = (["id"], update => [TelegramButtonReader.Read(update)]),
            ["message_reaction"] = (_ofMessage, update => [TelegramReactionReader.Read(update)]),
            ["poll_answer"] = (["poll_id"], update => [TelegramPollReader.ReadVote(update)]),
            ["my_chat_member"] = (["chat.id"], update => [TelegramMembershipReader.Read(update)]),
            ["message_reaction_count"] = Unused("counts of anonymous reactions not used"),
            ["inline_query"] = Unused("inline queries not used"),
            ["chosen_inline_result"] = Unused("inline queries not used"),
            ["shipping_query"] = Unused("payments not used"),
            ["pre_checkout_query"] = Unused("payments not used"),
            ["purchased_paid_media"] = Unused("payments not used"),
            ["subscription"] = Unused("payments not used"),
            ["poll"] = Unused("states of polls not used"),
            ["chat_member"] = Unused("other members of chats not used"),
            ["chat_join_request"] = Unused("requests to join not used"),
            ["chat_boost"] = Unused("boosts not used"),
            ["removed_chat_boost"] = Unused("boosts not used"),
            ["managed_bot"] = Unused("managed bots not used"),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether this is the name of an update's content, as far as Bot API 10.2 goes.</summary>
    public static bool Knows(string kind) => _readers.ContainsKey(kind);

    public static Normalised Normalise(WebhookBody webhook)
    {
        using var document = JsonBody.TryRead(webhook.Body, out var unreadable);
        if (document is null)
        {
            return new Normalised.Unreadable(unreadable);
        }

        if (!document.RootElement.IsObject())
        {
            return new Normalised.Unreadable(JsonBody.NoObject(document.RootElement));
        }

        if (TelegramUpdate.Read(document.RootElement, webhook.Channel, out unreadable) is not { } update)
        {
            return new Normalised.Unreadable(unreadable, TelegramUpdate.NumberIn(document.RootElement));
        }

        if (update.Kind is null || !_readers.TryGetValue(update.Kind, out var reader))
        {
            return new Normalised.Events([update.Ignored("unknown update")]);
        }

        return Array.Find(reader.Needs, need => !Has(update.Value, need)) is { } missing
            ? new Normalised.Unreadable($"{update.Kind} without {missing}", update.Id)
            : new Normalised.Events(reader.Read(update));
    }

    private static (string[], Func<TelegramUpdate, ImmutableArray<ChannelEvent>>) Unused(string why) => ([], update => [update.Ignored(why)]);

    private static bool Has(JsonElement content, string need) => need switch
    {
        "chat.id" => content.Member("chat").Id("id") is not null,
        "message_ids" => content.Member(need).IsArray(),
        _ => content.Id(need) is not null,
    };
}
