using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads what is about people rather than said by them: new numbers, names, wishes, calls, and who may speak in a chat.</summary>
internal static class WhatsAppCloudPeopleReader
{
    /// <summary>A message of Meta's own inside a chat. The only one of these that is a message has no sender's words in it.</summary>
    public static ChannelEvent ReadSystem(JsonElement item, string id, WhatsAppCloudParties parties, WhatsAppCloudChange change)
    {
        var system = item.Member("system");
        var said = new ChannelEvent
        {
            Kind = EventKinds.SystemIdentityChanged,
            Action = EventAction.StoreOnly,
            Account = change.Account,
            ChatType = "direct",
            MessageId = id,
            FromMe = false,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
        };
        return system.Text("type") switch
        {
            "user_changed_number" or "customer_changed_number" => ChangedNumber(said with { Kind = EventKinds.SystemNumberChanged }, system, parties, change),
            "user_changed_user_id" => ChangedUserId(said, system, parties, change),
            "customer_identity_changed" or "user_identity_changed" => said with { ChatId = parties.Chat, ChatAlias = parties.Alias, SenderId = parties.Person, SenderPn = parties.Phone },
            _ => change.Ignored("a message of WhatsApp's own"),
        };
    }

    private static ChannelEvent ChangedNumber(ChannelEvent said, JsonElement system, WhatsAppCloudParties parties, WhatsAppCloudChange change)
    {
        var after = WhatsAppCloudParties.PhoneIn(system.Id("wa_id") ?? system.Id("new_wa_id")) ?? WhatsAppCloudParties.UserIdIn(system.Id("user_id"));
        var before = parties.Phone ?? FormerUserIdIn(system) ?? FormerIn(system.Text("body"), after) ?? parties.UserId;
        return Changed(said, before, after, system.Id("user_id"), change);
    }

    /// <remarks>Who has shared their number goes on in its chat; of all others only the former user id says who they were, as the sender's may be the new one already.</remarks>
    private static ChannelEvent ChangedUserId(ChannelEvent said, JsonElement system, WhatsAppCloudParties parties, WhatsAppCloudChange change)
    {
        var after = system.Id("user_id") ?? parties.UserId;
        var former = FormerUserIdIn(system) ?? FormerIn(system.Text("body"), after) ?? WhatsAppCloudParties.UserIdIn(system.Id("previous_parent_user_id"));
        return Changed(said, parties.Phone ?? former ?? parties.UserId, after, system.Id("user_id"), change, former);
    }

    // Named since August 2026.
    private static string? FormerUserIdIn(JsonElement system) => WhatsAppCloudParties.UserIdIn(system.Id("previous_user_id"));

    /// <summary>
    /// The former id in words made for people, "User Mira changed from GB.1 to GB.2": until August 2026 it stood nowhere else. Taken only where the words end with the new id and the
    /// other is of its sort. What stands before is somebody's name, and may say anything.
    /// </summary>
    private static string? FormerIn(string? words, string? now)
    {
        if (words?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [.., "from", var before, "to", var after])
        {
            return null;
        }

        var former = WhatsAppCloudParties.PhoneIn(now) is null ? WhatsAppCloudParties.UserIdIn(before) : WhatsAppCloudParties.PhoneIn(before);
        return now is not null && (WhatsAppCloudParties.PhoneIn(after) ?? after) == now && former != now ? former : null;
    }

    /// <summary>A person's user id changed, in the shape of Meta's guide before August 2026; since then it is told by the message inside the chat alone.</summary>
    public static ChannelEvent ReadUserId(JsonElement item, WhatsAppCloudChange change)
    {
        var ids = item.Member("user_id");
        var before = WhatsAppCloudParties.UserIdIn(ids.Id("previous"));
        var after = before is null ? null : WhatsAppCloudParties.UserIdIn(ids.Id("current"));
        var said = new ChannelEvent
        {
            Kind = EventKinds.SystemIdentityChanged,
            Action = EventAction.StoreOnly,
            Account = change.Account,
            ChatType = "direct",
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
        };
        return Changed(said, before, after, after, change);
    }

    /// <summary>Somebody known by one id is known by another from now on: both lead to one conversation.</summary>
    private static ChannelEvent Changed(ChannelEvent said, string? before, string? after, string? userId, WhatsAppCloudChange change, string? former = null) => after is null
        ? change.Ignored("a changed number or user id that is not told")
        : said with
        {
            Action = EventAction.LinkIdentity,
            ChatId = after,
            ChatAlias = before == after ? null : before,
            // A number outlives its user id; a former number, or a former user id, reaches nobody.
            MovedFrom = said.Kind == EventKinds.SystemNumberChanged || WhatsAppCloudParties.PhoneIn(before) is null ? before : former,
            Details = WhatsAppCloudValues.Details(("old_id", before == after ? null : former ?? before), ("new_id", after), ("new_bsuid", userId)),
        };

    /// <summary>An entry in the address book of the phone that shares the number.</summary>
    public static ChannelEvent ReadContact(JsonElement item, WhatsAppCloudChange change)
    {
        var contact = item.Member("contact");
        if (item.Text("type") is { } type && type != "contact")
        {
            return change.Ignored("a state of the phone that is not used");
        }

        var id = WhatsAppCloudValues.Digits(contact.Text("phone_number")) ?? contact.Id("user_id");
        return id is null ? change.Ignored("a contact without a number") : new ChannelEvent
        {
            Kind = EventKinds.ContactUpsert,
            Action = EventAction.UpdateContact,
            Account = change.Account,
            Timestamp = WhatsAppCloudValues.Time(item.Member("metadata").Member("timestamp")),
            Details = WhatsAppCloudValues.Details(
                ("id", id), ("name", contact.Filled("full_name") ?? contact.Filled("first_name")), ("removed", item.Text("action") == "remove" ? true : null)),
        };
    }

    /// <summary>A person does not want marketing any more, or wants it again. Answers to what they ask are not concerned.</summary>
    public static ChannelEvent ReadPreference(JsonElement item, WhatsAppCloudChange change)
    {
        var id = WhatsAppCloudParties.PhoneIn(item.Id("wa_id")) ?? item.Id("user_id");
        return id is null ? change.Ignored("a wish without a person") : new ChannelEvent
        {
            Kind = EventKinds.ContactUpsert,
            Action = EventAction.UpdateContact,
            Account = change.Account,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
            Details = WhatsAppCloudValues.Details(
                ("id", id), ("preference", WhatsAppCloudValues.Word(item.Text("category"))), ("preference_value", WhatsAppCloudValues.Word(item.Text("value")))),
        };
    }

    public static ChannelEvent ReadCall(JsonElement item, WhatsAppCloudChange change)
    {
        if (item.Id("id") is not { } id)
        {
            return change.Ignored("a call without an id");
        }

        var happened = item.Text("event");
        if (happened is not (null or "connect" or "terminate"))
        {
            return change.Ignored("a call's progress");
        }

        var fromUs = item.Text("direction") == "BUSINESS_INITIATED";
        var person = item.Id(fromUs ? "to" : "from") ?? item.Id(fromUs ? "to_user_id" : "from_user_id");
        return new ChannelEvent
        {
            Kind = happened == "terminate" ? EventKinds.CallEnd : EventKinds.CallOffer,
            Action = EventAction.StoreOnly,
            Account = change.Account,
            ChatId = WhatsAppCloudParties.PhoneIn(person) ?? person,
            ChatType = "direct",
            FromMe = fromUs,
            SenderId = fromUs ? null : WhatsAppCloudParties.PhoneIn(person) ?? person,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
            State = WhatsAppCloudValues.Word(item.Text("status")?.ToLowerInvariant()),
            Details = WhatsAppCloudValues.Details(("call_id", id), ("video", false)),
        };
    }

    /// <summary>How a call of ours is doing: it rings, was taken, or was not.</summary>
    public static ChannelEvent ReadCallStatus(JsonElement item, WhatsAppCloudChange change)
    {
        var status = item.Text("status")?.ToLowerInvariant();
        var person = item.Id("recipient_id") ?? item.Id("recipient_user_id");
        return item.Id("id") is not { } id || status is not "rejected" ? change.Ignored("a call's progress") : new ChannelEvent
        {
            Kind = EventKinds.CallEnd,
            Action = EventAction.StoreOnly,
            Account = change.Account,
            ChatId = WhatsAppCloudParties.PhoneIn(person) ?? person,
            ChatType = "direct",
            FromMe = true,
            Timestamp = WhatsAppCloudValues.Time(item.Member("timestamp")),
            State = status,
            Details = WhatsAppCloudValues.Details(("call_id", id), ("video", false)),
        };
    }

    /// <summary>Meta's agent, or another app, gave a chat back to us, or took it.</summary>
    public static ChannelEvent ReadHandover(WhatsAppCloudChange change)
    {
        var value = change.Value;
        var sender = value.Member("sender");
        var passed = value.Member("control_passed", "control_taken");
        var person = WhatsAppCloudParties.PhoneIn(sender.Id("phone_number") ?? sender.Id("wa_id") ?? sender.Id("id")) ?? sender.Id("user_id");
        var isOurs = value.Text("type") is "control_passed" or null && value.Member("control_passed").IsObject() && passed.Text("new_owner_app_role") != "meta_business_agent";
        return new ChannelEvent
        {
            Kind = EventKinds.ControlPassed,
            Action = isOurs ? EventAction.ResumeAgent : EventAction.StoreOnly,
            Account = change.Account,
            ChatId = person,
            ChatType = "direct",
            SenderId = person,
            Timestamp = WhatsAppCloudValues.Time(value.Member("timestamp")) ?? change.Time,
            Details = WhatsAppCloudValues.Details(
                ("previous_owner", WhatsAppCloudValues.Word(passed.Text("previous_owner_app_role")) ?? passed.Id("previous_owner_app_id")),
                ("new_owner", WhatsAppCloudValues.Word(passed.Text("new_owner_app_role")) ?? passed.Id("new_owner_app_id"))),
        };
    }
}
