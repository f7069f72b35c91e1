using System.Globalization;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Which update brought a message.</summary>
internal enum TelegramOrigin
{
    /// <summary><c>message</c>: a chat the bot is in.</summary>
    Chat,

    /// <summary><c>business_message</c>: a chat of a business account that the bot serves.</summary>
    Business,

    /// <summary><c>guest_message</c>: a chat the bot is not in; it was called by its name, and can answer once.</summary>
    Guest,

    /// <summary><c>channel_post</c>: a channel the bot administers.</summary>
    Channel,
}

/// <summary>Turns one message object into one event.</summary>
internal static class TelegramMessageReader
{
    public static ChannelEvent Read(TelegramUpdate update, TelegramOrigin origin)
    {
        var message = update.Value;
        var parties = TelegramParties.Read(message, update, origin);
        if (Migrated(update, message) is { } migrated)
        {
            return migrated;
        }

        // Messages without an id of their own are told apart by their updates.
        var id = TelegramParties.MessageIdOf(message);
        if (TelegramServiceNotes.NameOf(message) is { } note)
        {
            return parties.Place(update.Ignored($"a service message ({note})")) with { MessageId = id };
        }

        var read = TelegramContentReader.Read(Bare(update, message, parties, id, origin), message, update);
        return Placed(read, message, parties, origin);
    }

    public static ChannelEvent ReadEdited(TelegramUpdate update, TelegramOrigin origin)
    {
        var message = update.Value;
        var parties = TelegramParties.Read(message, update, origin);
        if (TelegramParties.MessageIdOf(message) is not { } id)
        {
            return parties.Place(update.Ignored("an edit of a message without an id of its own"));
        }

        var file = TelegramMediaReader.Read(message)?.File;
        var bare = TelegramContentReader.WithPlace(Bare(update, message, parties, id, origin) with { Media = file }, message);

        // Words that are gone are told by being left out; nothing would leave what stood there before.
        var text = TelegramContentReader.TextOf(message) ?? (file is null ? null : "");
        if (origin == TelegramOrigin.Channel)
        {
            return bare with { Kind = EventKinds.ChannelPostEdited, Action = EventAction.Ignore, Reason = NoHuman, TargetMessageId = id, Text = text };
        }

        return bare with
        {
            Kind = parties.IsOurs ? EventKinds.EchoEdited : EventKinds.MessageEdited,
            Action = EventAction.UpdateMessage,
            TargetMessageId = id,
            ChangedAt = TelegramParties.Time(message, "edit_date"),
            Text = text,
            Revision = message.Id("edit_date") is { } edited ? $"{edited}:{update.Id.ToString(CultureInfo.InvariantCulture)}" : update.Id.ToString(CultureInfo.InvariantCulture),
        };
    }

    private const string NoHuman = "no human sender";

    /// <summary>The message with everything but its content.</summary>
    private static ChannelEvent Bare(TelegramUpdate update, JsonElement message, TelegramParties parties, string? id, TelegramOrigin origin)
    {
        var bare = parties.Place(update.Event(EventKinds.MessageUnsupported, EventAction.Process)) with
        {
            MessageId = id,
            Timestamp = TelegramParties.Time(message, "date"),
            SenderId = origin == TelegramOrigin.Channel ? null : parties.SenderId,
            SenderName = origin == TelegramOrigin.Channel ? null : parties.SenderName,
            FromMe = parties.IsOurs ? true : null,
            ReplyTo = ReplyTo(message),

            // A group that becomes a supergroup starts counting anew, in the same conversation: its ids must not meet the old ones.
            Revision = parties.ChatType == "group" ? "group" : "",
        };
        var details = TelegramParties.WithWhereabouts(bare.Details, message);
        foreach (var name in (ReadOnlySpan<string>)["media_group_id", "guest_query_id", "ephemeral_message_id"])
        {
            if (message.Id(name) is { } word)
            {
                details = details.Add(name, word);
            }
        }

        // Servers before 7.0 have the date alone.
        var isForwarded = message.Member("forward_origin").IsObject() || message.Number("forward_date") is not null;
        return bare with { Details = isForwarded ? details.Add("forwarded", true) : details };
    }

    private static ChannelEvent Placed(ChannelEvent message, JsonElement source, TelegramParties parties, TelegramOrigin origin)
    {
        if (origin == TelegramOrigin.Channel)
        {
            return message with { Kind = EventKinds.ChannelPost, Action = EventAction.Ignore, Reason = NoHuman };
        }

        if (parties.IsOurs)
        {
            var echo = message with { Kind = EchoKind(message), Action = parties.IsOurBot ? EventAction.ReconcileOutbound : EventAction.StoreOutbound };

            // Nobody sits there who would have taken over.
            return !parties.IsOurBot && source.Flag("is_from_offline") == true
                ? echo with { Action = EventAction.StoreOnly, Reason = "sent by itself: a greeting, an away message, or one written ahead" }
                : echo;
        }

        return message switch
        {
            // A channel's post, copied into the group where it is discussed.
            _ when source.Flag("is_automatic_forward") == true => message with { Action = EventAction.StoreOnly, Reason = NoHuman },

            // Only its sender and the bot see it; what we send is seen by all.
            { MessageId: null } when ChatTypes.IsGroup(message.ChatType) =>
                message with { Action = EventAction.StoreOnly, Reason = "an ephemeral message: everybody in the chat would see an answer" },

            // Two bots that answer each other never stop.
            _ when parties.IsBot => message with { Action = EventAction.StoreOnly, Reason = "from a bot" },
            { Kind: EventKinds.MessageUnsupported } => message with { Action = EventAction.StoreOnly },
            _ => message,
        };
    }

    // The list of echo kinds is closed: a file of any sort is echo.image, anything with choices, places or cards is echo.interactive.
    private static string EchoKind(ChannelEvent message) => message switch
    {
        { Kind: EventKinds.MessageText or EventKinds.MessageCommand } => EventKinds.EchoText,
        { Kind: EventKinds.MessageUnsupported } => EventKinds.MessageUnsupported,
        { Media: not null } => EventKinds.EchoImage,
        _ => EventKinds.EchoInteractive,
    };

    /// <summary>In a forum every message hangs below the note that opened its topic: that is no reply.</summary>
    private static string? ReplyTo(JsonElement message)
    {
        var answered = message.Member("reply_to_message");
        return answered.Member("forum_topic_created").IsObject() ? null : TelegramParties.MessageIdOf(answered);
    }

    /// <summary>Told twice, in the old group and in the new one.</summary>
    private static ChannelEvent? Migrated(TelegramUpdate update, JsonElement message)
    {
        var here = message.Member("chat").Id("id");
        var (old, now) = message.Id("migrate_to_chat_id") is { } to ? (here, to)
            : message.Id("migrate_from_chat_id") is { } from ? (from, here)
            : (null, null);
        if (old is null || now is null)
        {
            return null;
        }

        var moved = update.Event(EventKinds.SystemChatMigrated, EventAction.LinkIdentity);
        return moved with { ChatType = "supergroup", Timestamp = TelegramParties.Time(message, "date"), MovedFrom = old, Details = moved.Details.Add("old_id", old).Add("new_id", now) };
    }
}
