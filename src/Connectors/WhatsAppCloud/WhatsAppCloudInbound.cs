using System.Collections.Immutable;
using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Turns a webhook of Meta's WhatsApp Business platform into events in the product's words.</summary>
/// <remarks>
/// Message path, step 3 of 6. Pure: bytes in, events out; no clock, no I/O, no exception on any bytes. A body holds up to a thousand changes;
/// the table below is the whole list of fields, and each reader behind it takes one item, so that a bad one harms none of its neighbours.
/// </remarks>
internal static class WhatsAppCloudInbound
{
    private const string Object = "whatsapp_business_account";

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

        var events = Once(Read(document.RootElement, webhook.Channel)).Select(WithOtherSpelling).ToImmutableArray();
        return new Normalised.Events(events.IsEmpty ? [default(WhatsAppCloudChange).Ignored("nothing changed")] : events);
    }

    private static IEnumerable<ChannelEvent> Read(JsonElement root, Connection? channel)
    {
        if (root.Text("object") is { } kind && kind != Object)
        {
            return [default(WhatsAppCloudChange).Ignored("not about a WhatsApp business account")];
        }

        return WhatsAppCloudValues.Items(root.Member("entry"))
            .SelectMany(entry => WhatsAppCloudValues.Items(entry.Member("changes")).Select(change => WhatsAppCloudChange.Read(change, entry)))
            .SelectMany(change => Read(change, channel));
    }

    private static IEnumerable<ChannelEvent> Read(WhatsAppCloudChange change, Connection? channel) => change.Field switch
    {
        "messages" => ReadMessages(change),
        "smb_message_echoes" => change.Items("message_echoes").Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.Echo)),
        "message_echoes" => change.Items("message_echoes").Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.ApiSend)),
        "standby" => ReadStandby(change.Value.Member("standby").IsObject() ? change.Inside("standby") with { Account = change.Account } : change),
        "history" => WhatsAppCloudHistoryReader.Read(change),
        "smb_app_state_sync" => change.Items("state_sync").Select(item => WhatsAppCloudPeopleReader.ReadContact(item, change)),
        "user_id_update" => change.Items("user_id_update").Select(item => WhatsAppCloudPeopleReader.ReadUserId(item, change)),
        "user_preferences" => change.Items("user_preferences").Select(item => WhatsAppCloudPeopleReader.ReadPreference(item, change)),
        "calls" => change.Items("calls").Select(item => WhatsAppCloudPeopleReader.ReadCall(item, change))
            .Concat(change.Items("statuses").Select(item => WhatsAppCloudPeopleReader.ReadCallStatus(item, change))),
        "messaging_handovers" => [WhatsAppCloudPeopleReader.ReadHandover(change)],
        "message_template_status_update" or "message_template_quality_update" or "template_category_update" or "message_template_components_update"
            or "template_correct_category_detection" => [WhatsAppCloudAccountReader.ReadTemplate(change)],
        "account_update" => [WhatsAppCloudAccountReader.ReadUpdate(change)],
        "account_review_update" => [WhatsAppCloudAccountReader.ReadReview(change)],
        "account_alerts" => [WhatsAppCloudAccountReader.ReadAlert(change)],
        "phone_number_quality_update" => [WhatsAppCloudAccountReader.ReadQuality(change, channel)],
        var other => [change.Ignored(WhyUnused(other))],
    };

    private static List<ChannelEvent> ReadMessages(WhatsAppCloudChange change)
    {
        var events = change.Items("messages").Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.Arrived))
            .Concat(change.Items("statuses").Select(item => WhatsAppCloudStatusReader.Read(item, change)))
            .Concat(change.Items("errors").Select(item => WhatsAppCloudAccountReader.ReadError(item, change)))
            .ToList();

        // Contacts stand beside messages and beside statuses; alone they say nothing.
        return events.Count > 0 ? events : [change.Ignored("no messages, statuses or errors")];
    }

    /// <summary>The same lists one level deeper, or not, told while somebody else owns the chat: Meta's own agent, or another app.</summary>
    private static List<ChannelEvent> ReadStandby(WhatsAppCloudChange change)
    {
        var events = change.Items("messages").Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.Standby))
            .Concat(change.Items("message_echoes").Select(item => WhatsAppCloudMessageReader.Read(item, change, WhatsAppCloudOrigin.Echo)))
            .Concat(change.Items("statuses").Select(item => WhatsAppCloudStatusReader.Read(item, change)))
            .ToList();
        return events.Count > 0 ? events : [change.Ignored("standby with nothing in it")];
    }

    // Somebody writes to the number as its owner spells it, and Meta answers from the one it knows.
    private static ChannelEvent WithOtherSpelling(ChannelEvent happened) =>
        ChatTypes.IsDirect(happened.ChatType) && WhatsAppCloudParties.PhoneIn(happened.ChatId) is { } phone && WhatsAppNumber.OtherSpelling(phone) is { } other
            ? happened with { ChatSpelling = other }
            : happened;

    /// <summary>The same happening may stand in one body twice.</summary>
    private static IEnumerable<ChannelEvent> Once(IEnumerable<ChannelEvent> events)
    {
        var seen = new HashSet<EventKey>();
        return events.Where(happened => EventKey.Of(happened) is not { } key || seen.Add(key));
    }

    /// <summary>Says why in our words: the name itself may be somebody's text.</summary>
    private static string WhyUnused(string field) => field switch
    {
        "group_lifecycle_update" or "group_participants_update" or "group_settings_update" or "group_status_update" => "group metadata not used",
        "phone_number_name_update" or "phone_number_username_update" or "business_capability_update" or "business_status_update" or "account_settings_update"
            or "security" or "flows" or "messaging_feedback" or "tracking_events" or "automatic_events" or "payment_configuration_update"
            or "partner_solutions" or "template_performance_metrics" or "biz_model_update" => $"{field} not used",
        _ => "unknown change field",
    };
}
