using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Who a message is from and which chat it belongs to.</summary>
/// <remarks>
/// Since 2026 a person has two ids: the phone number, which is left out once they have a user name, and an id that only this business knows
/// (BSUID, "US.1349…"). The number goes first where it is known; the other is the chat's second name, so that both lead to one conversation.
/// </remarks>
internal readonly record struct WhatsAppCloudParties(string? Phone, string? UserId, string? Group, string? Name, string? UserName)
{
    /// <summary>The person's id: the number where known.</summary>
    public string? Person => Phone ?? UserId;

    public string? Chat => Group ?? Person;

    /// <summary>What a private chat is known by besides.</summary>
    public string? Alias => Group is null && Phone is not null ? UserId : null;

    /// <summary>Of a message that somebody sent us.</summary>
    public static WhatsAppCloudParties OfSender(JsonElement item, WhatsAppCloudChange change)
    {
        var from = item.Id("from");
        var user = item.Id("from_user_id") ?? UserIdIn(from);
        var contact = ContactOf(change, from, user);
        return new(
            PhoneIn(from) ?? PhoneIn(contact.Id("wa_id")),
            user ?? contact.Id("user_id"),
            item.Id("group_id"),
            WhatsAppName.Clean(contact.Member("profile").Text("name")),
            contact.Member("profile").Filled("username"));
    }

    /// <summary>Of a message that our side sent elsewhere: whom it went to.</summary>
    /// <param name="item">The message.</param>
    /// <param name="thread">Whose chat it stands in, where the list says so.</param>
    public static WhatsAppCloudParties OfRecipient(JsonElement item, WhatsAppCloudParties thread = default)
    {
        var to = item.Id("to");
        return new(
            PhoneIn(to) ?? thread.Phone, item.Id("to_user_id") ?? item.Id("recipient_user_id") ?? UserIdIn(to) ?? thread.UserId, item.Id("group_id"), null, null);
    }

    /// <summary>Of a message of the past that somebody sent us.</summary>
    public static WhatsAppCloudParties OfPast(JsonElement item, WhatsAppCloudChange change, WhatsAppCloudParties thread)
    {
        var sender = OfSender(item, change);
        return sender with { Phone = sender.Phone ?? thread.Phone, UserId = sender.UserId ?? thread.UserId, UserName = sender.UserName ?? thread.UserName };
    }

    /// <summary>Whose chat a piece of the past is: by its id, which is left out for people with a user name; then by what stands beside.</summary>
    public static WhatsAppCloudParties OfThread(JsonElement thread)
    {
        var (id, person) = (thread.Id("id"), thread.Member("context"));
        return new(PhoneIn(id) ?? PhoneIn(person.Id("wa_id")), UserIdIn(id) ?? UserIdIn(person.Id("user_id")), null, null, person.Filled("username"));
    }

    public static string? PhoneIn(string? id) => WhatsAppCloudValues.IsPhone(id) ? id!.TrimStart('+') : null;

    public static string? UserIdIn(string? id) => WhatsAppCloudValues.IsUserId(id) ? id : null;

    // Matched by id, not by place. A single contact is the sender's even where its number is spelled otherwise (Brazil, Mexico).
    private static JsonElement ContactOf(WhatsAppCloudChange change, string? from, string? user)
    {
        var contacts = change.Value.Member("contacts");
        foreach (var contact in WhatsAppCloudValues.Items(contacts))
        {
            if ((from is not null && contact.Id("wa_id") == from) || (user is not null && contact.Id("user_id") == user))
            {
                return contact;
            }
        }

        return contacts.IsArray() && contacts.GetArrayLength() == 1 && (user is null || contacts[0].Id("user_id") is null) ? contacts[0] : default;
    }
}
