using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Reads the press of a button below one of the bot's messages. That message is ours; who pressed stands beside it.</summary>
internal static class TelegramButtonReader
{
    /// <summary>What a pressed button is recognised by: its query's id, with this before it.</summary>
    public const string IdPrefix = "callback:";

    public static ChannelEvent Read(TelegramUpdate update)
    {
        var query = update.Value;
        var id = query.Id("id");

        // The message may be too old for Telegram to show: then it is its id, its chat, and a date of zero.
        var message = query.Member("message");
        var parties = TelegramParties.Read(message, update, TelegramOrigin.Chat);
        var payload = query.Text("data") ?? query.Filled("game_short_name");
        var pressed = parties.Place(update.Event(EventKinds.MessageButtonReply, EventAction.Process));
        var details = pressed.Details.Add("callback_query_id", id);
        pressed = pressed with
        {
            EventId = $"{IdPrefix}{id}",
            SenderId = query.Member("from").Id("id"),
            SenderName = TelegramParties.NameOf(query.Member("from")),
            Payload = payload,
            Text = LabelOf(message, payload) ?? payload,
            ReplyTo = TelegramParties.MessageIdOf(message),
            Details = TelegramParties.WithWhereabouts(query.Id("inline_message_id") is { } inline ? details.Add("inline_message_id", inline) : details, message),
        };
        return parties switch
        {
            { Chat: null } => pressed with { Action = EventAction.Ignore, Reason = "a button of an inline message: its chat is not known" },

            // What we write into a channel is a post.
            { ChatType: "channel" } => pressed with { Action = EventAction.StoreOnly, Reason = "a button below a channel's post: all who read the channel would see an answer" },
            _ => pressed,
        };
    }

    /// <summary>
    /// What Telegram reads in the answer to the webhook: a call that it carries out. Whoever pressed sees a clock on the button until the bot has noticed, and Telegram waits for
    /// that for 150 seconds only; an agent may take longer.
    /// </summary>
    public static byte[]? AnswerTo(ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOf("\"callback_query\""u8) < 0)
        {
            return null;
        }

        using var document = JsonBody.TryRead(body, out _);
        return document?.RootElement.Member("callback_query").Id("id") is { } query ? TelegramPayloads.AnswerCallbackInWebhook(query).ToArray() : null;
    }

    /// <summary>What stood on the button: what the contact saw and meant.</summary>
    private static string? LabelOf(JsonElement message, string? data)
    {
        var rows = message.Member("reply_markup").Member("inline_keyboard");
        if (data is null || !rows.IsArray())
        {
            return null;
        }

        foreach (var row in rows.EnumerateArray())
        {
            if (!row.IsArray())
            {
                continue;
            }

            foreach (var button in row.EnumerateArray())
            {
                if (button.Text("callback_data") == data && button.Filled("text") is { } label)
                {
                    return label;
                }
            }
        }

        return null;
    }
}
