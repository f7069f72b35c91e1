using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads what a message says about itself: what it answers, whom it mentions, whether it was passed on, which ad it came from.</summary>
internal static class WhatsAppContext
{
    private static readonly AdReferral _nothing = new(null, null);

    /// <param name="item">2.3 hoists <c>contextInfo</c> to here, unless the message was wrapped; null or absent is normal.</param>
    /// <param name="leaf">Older versions leave it in the leaf only.</param>
    /// <param name="own">Our own addresses.</param>
    public static ChannelEvent Apply(ChannelEvent message, JsonElement item, JsonElement leaf, WhatsAppOwn own)
    {
        var (hoisted, inner) = (item.Member("contextInfo"), leaf.Member("contextInfo"));
        if (!hoisted.IsObject() && !inner.IsObject())
        {
            return message;
        }

        if ((hoisted.Id("stanzaId", "stanzaID") ?? inner.Id("stanzaId", "stanzaID")) is { } answered)
        {
            message = message with { ReplyTo = answered };
        }

        message = IsForwarded(hoisted) || IsForwarded(inner) ? Forwarded(message) : message;
        if ((ReferralIn(hoisted) ?? ReferralIn(inner)) is { } referral)
        {
            message = message with { Referral = referral };
        }

        return own.IsAmong(hoisted.Member("mentionedJid", "mentionedJID")) || own.IsAmong(inner.Member("mentionedJid", "mentionedJID"))
            ? message with { Details = message.Details.Add("mentions_me", true) }
            : message;
    }

    /// <summary>The same as WhatsApp Web keeps it beside the message, which is all that the browser engines hand on.</summary>
    public static ChannelEvent ApplyTyped(ChannelEvent message, JsonElement data)
    {
        message = IsForwarded(data) ? Forwarded(message) : message;

        // WhatsApp Web drops the kind of source and mostly its id; no link preview gets in there.
        return Referral(data.Member("ctwaContext")) is { } referral ? message with { Referral = referral } : message;
    }

    private static bool IsForwarded(JsonElement context) => context.Flag("isForwarded") == true || WhatsAppValues.Integer(context.Member("forwardingScore")) > 0;

    private static ChannelEvent Forwarded(ChannelEvent message) => message with { Details = message.Details.SetItem("forwarded", true) };

    /// <summary>Link previews use the same field; only an ad names its source, or stands beside one.</summary>
    private static AdReferral? ReferralIn(JsonElement context) =>
        Referral(context.Member("externalAdReply")) is { } referral
        && (referral.SourceType ?? referral.SourceId ?? referral.ClickId ?? context.Filled("conversionSource")) is not null
            ? referral
            : null;

    /// <summary>Null when it says nothing of an ad.</summary>
    private static AdReferral? Referral(JsonElement ad) =>
        new AdReferral(
            ad.Filled("sourceType"), ad.Id("sourceId", "sourceID"), ad.Filled("sourceUrl") ?? ad.Filled("sourceURL"), ad.Filled("ctwaClid"), ad.Filled("title"))
            is var read && read != _nothing
            ? read
            : null;
}
