using System.Collections.Frozen;
using System.Collections.Immutable;
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
    private static readonly FrozenDictionary<string, Func<TelegramUpdate, ImmutableArray<ChannelEvent>>> _readers =
        new Dictionary<string, Func<TelegramUpdate, ImmutableArray<ChannelEvent>>>(StringComparer.Ordinal)
        {
            ["message"] = update => [TelegramMessageReader.Read(update, TelegramOrigin.Chat)],
            ["business_message"] = update => [TelegramMessageReader.Read(update, TelegramOrigin.Business)],
            ["guest_message"] = update => [TelegramMessageReader.Read(update, TelegramOrigin.Guest)],
            ["channel_post"] = update => [TelegramMessageReader.Read(update, TelegramOrigin.Channel)],
            ["edited_message"] = update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Chat)],
            ["edited_business_message"] = update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Business)],
            ["edited_channel_post"] = update => [TelegramMessageReader.ReadEdited(update, TelegramOrigin.Channel)],
            ["deleted_business_messages"] = TelegramBusinessReader.ReadDeleted,
            ["business_connection"] = update => [TelegramBusinessReader.ReadConnection(update)],
            ["callback_query"] = update => [TelegramButtonReader.Read(update)],
            ["message_reaction"] = update => [TelegramReactionReader.Read(update)],
            ["poll_answer"] = update => [TelegramPollReader.ReadVote(update)],
            ["my_chat_member"] = update => [TelegramMembershipReader.Read(update)],
            ["message_reaction_count"] = update => [update.Ignored("counts of anonymous reactions not used")],
            ["inline_query"] = update => [update.Ignored("inline queries not used")],
            ["chosen_inline_result"] = update => [update.Ignored("inline queries not used")],
            ["shipping_query"] = update => [update.Ignored("payments not used")],
            ["pre_checkout_query"] = update => [update.Ignored("payments not used")],
            ["purchased_paid_media"] = update => [update.Ignored("payments not used")],
            ["subscription"] = update => [update.Ignored("payments not used")],
            ["poll"] = update => [update.Ignored("states of polls not used")],
            ["chat_member"] = update => [update.Ignored("other members of chats not used")],
            ["chat_join_request"] = update => [update.Ignored("requests to join not used")],
            ["chat_boost"] = update => [update.Ignored("boosts not used")],
            ["removed_chat_boost"] = update => [update.Ignored("boosts not used")],
            ["managed_bot"] = update => [update.Ignored("managed bots not used")],
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

        if (TelegramUpdate.Read(document.RootElement, webhook.Channel) is not { } update)
        {
            return new Normalised.Events([new() { Kind = EventKinds.Ignored, Action = EventAction.Ignore, Reason = "no update_id" }]);
        }

        return new Normalised.Events(
            update.Kind is not null && _readers.TryGetValue(update.Kind, out var read) ? read(update) : [update.Ignored("unknown update")]);
    }
}
