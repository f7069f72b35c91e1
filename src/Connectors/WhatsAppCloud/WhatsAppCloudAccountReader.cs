using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads what Meta says of the number or the business account as a whole: templates, limits, restrictions, the end.</summary>
internal static class WhatsAppCloudAccountReader
{
    /// <summary>A template was judged, rated, moved to another category or changed.</summary>
    public static ChannelEvent ReadTemplate(WhatsAppCloudChange change)
    {
        var value = change.Value;
        var reason = value.Filled("reason");
        var told = change.About(EventKinds.TemplateStatus, EventAction.UpdateTemplate);
        return told with
        {
            Reason = reason is "NONE" ? null : reason,
            Details = told.Details.With(
                ("template", value.Filled("message_template_name")),
                ("template_id", value.Id("message_template_id")),
                ("language", value.Filled("message_template_language")),
                ("status", value.Filled("event")),
                ("category", value.Filled("new_category") ?? value.Filled("message_template_category")),
                ("previous_category", value.Filled("previous_category")),
                ("quality", value.Filled("new_quality_score")),
                ("previous_quality", value.Filled("previous_quality_score"))),
        };
    }

    /// <summary>An error that concerns the number and no single message.</summary>
    public static ChannelEvent ReadError(JsonElement item, WhatsAppCloudChange change)
    {
        var error = WhatsAppCloudError.Read(item);
        var told = change.About(EventKinds.AccountError, ActionOf(error));
        return told with
        {
            Reason = error.Said,
            ReasonCode = error.Code,
            Details = told.Details.With(("error", WhatsAppCloudValues.Group(("code", error.Code), ("title", error.Title)))),
        };
    }

    /// <summary>The account's own fate.</summary>
    public static ChannelEvent ReadUpdate(WhatsAppCloudChange change)
    {
        var happened = change.Value.Text("event") ?? "";
        var states = change.Value.Member("ban_info");
        var ban = states.Text("waba_ban_state") ?? WhatsAppCloudValues.Items(states.Member("waba_ban_state")).LastOrDefault().AsText();
        return (happened, ban) switch
        {
            ("ACCOUNT_DELETED" or "ACCOUNT_OFFBOARDED" or "PARTNER_REMOVED" or "PARTNER_APP_UNINSTALLED", _) => About(change, EventKinds.AccountRemoved, EventAction.UpdateConnection, happened),
            ("DISABLED_UPDATE", "REINSTATE") or ("ACCOUNT_RECONNECTED", _) => About(change, EventKinds.ConnectionOpen, EventAction.UpdateConnection, happened),
            ("DISABLED_UPDATE", "SCHEDULE_FOR_DISABLE") => About(change, EventKinds.AccountError, EventAction.Ignore, $"{happened} {ban}"),
            ("DISABLED_UPDATE", _) => About(change, EventKinds.AccountError, EventAction.UpdateConnection, happened),

            // What is violated or restricted stands beside it; sending goes on where Meta lets it.
            ("ACCOUNT_VIOLATION", _) => About(change, EventKinds.AccountError, EventAction.Ignore, With(happened, change.Value.Member("violation_info").Text("violation_type"))),
            ("ACCOUNT_RESTRICTION", _) => About(change, EventKinds.AccountError, EventAction.Ignore, With(happened, RestrictionIn(change.Value))),
            _ => change.Ignored("account_update not used"),
        };
    }

    /// <summary>Meta has looked at the account. What it forbids because of that is told by itself.</summary>
    public static ChannelEvent ReadReview(WhatsAppCloudChange change) => change.Value.Text("decision") == "REJECTED"
        ? About(change, EventKinds.AccountError, EventAction.Ignore, "account review REJECTED")
        : change.Ignored("account_review_update not used");

    /// <summary>A warning for the account's owner to read; nothing stops because of it.</summary>
    public static ChannelEvent ReadAlert(WhatsAppCloudChange change)
    {
        var alert = change.Value.Member("alert_info").IsObject() ? change.Value.Member("alert_info") : change.Value;
        return alert.Text("alert_severity") is "CRITICAL" or "WARNING"
            ? About(change, EventKinds.AccountError, EventAction.Ignore, With("alert", alert.Text("alert_type")))
            : change.Ignored("account_alerts not used");
    }

    /// <summary>How much a number may send has changed.</summary>
    /// <remarks>Told to the business account, with the number as people write it and not by its id: every channel of the account gets the news of all its numbers.</remarks>
    public static ChannelEvent ReadQuality(WhatsAppCloudChange change, Connection? channel)
    {
        if (channel is not null && IsAnothers(WhatsAppCloudValues.Digits(change.Value.Text("display_phone_number")), channel))
        {
            return change.Ignored("another number of this account");
        }

        var told = About(
            change, change.Value.Text("event") is "FLAGGED" or "DOWNGRADE" ? EventKinds.AccountError : EventKinds.Ignored,
            change.Value.Text("event") is "FLAGGED" or "DOWNGRADE" ? EventAction.ThrottleAccount : EventAction.Ignore,
            With("number quality", change.Value.Text("event")));
        return told with
        {
            Details = told.Details.With(
                ("display_phone_number", WhatsAppCloudValues.Digits(change.Value.Text("display_phone_number"))),
                ("limit", change.Value.Filled("max_daily_conversations_per_business") ?? change.Value.Filled("current_limit"))),
        };
    }

    // A channel may be called after its id at Meta, which is as long as a number, by a word, or by a number without its country's: then it cannot be told apart.
    private static bool IsAnothers(string? number, Connection channel) =>
        number is not null && channel.Identity != channel.Setting(WhatsAppCloudSettings.PhoneNumberIdName)
        && channel.Identity != channel.Setting(WhatsAppCloudSettings.BusinessAccountIdName) && WhatsAppCloudValues.Digits(channel.Identity) is { Length: >= 10 } named
        && !named.EndsWith(number[^Math.Min(8, number.Length)..], StringComparison.Ordinal) && !WhatsAppNumber.IsSame(channel.Identity, number);

    private static EventAction ActionOf(WhatsAppCloudError error) => error.Meaning switch
    {
        WhatsAppMetaMeaning.Throttled or WhatsAppMetaMeaning.LongThrottled or WhatsAppMetaMeaning.PairThrottled => EventAction.ThrottleAccount,
        WhatsAppMetaMeaning.Unauthorized or WhatsAppMetaMeaning.Restricted or WhatsAppMetaMeaning.NotRegistered or WhatsAppMetaMeaning.NameNotApproved => EventAction.UpdateConnection,
        _ => EventAction.Ignore,
    };

    private static ChannelEvent About(WhatsAppCloudChange change, string kind, EventAction action, string reason) => change.About(kind, action) with { Reason = reason };

    private static string? RestrictionIn(JsonElement value) => WhatsAppCloudValues.Items(value.Member("restriction_info")).FirstOrDefault().Text("restriction_type");

    private static string With(string what, string? word) => WhatsAppCloudValues.Word(word?.ToLowerInvariant()) is { } known ? $"{what} {known.ToUpperInvariant()}" : what;
}
