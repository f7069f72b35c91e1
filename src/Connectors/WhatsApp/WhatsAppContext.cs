using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsApp;

/// <summary>Reads what a message says about itself: what it answers, whom it mentions, which ad it came from.</summary>
internal static class WhatsAppContext
{
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

        if ((Referral(hoisted.Member("externalAdReply")) ?? Referral(inner.Member("externalAdReply"))) is { } referral)
        {
            message = message with { Referral = referral };
        }

        return own.IsAmong(hoisted.Member("mentionedJid", "mentionedJID")) || own.IsAmong(inner.Member("mentionedJid", "mentionedJID"))
            ? message with { Details = message.Details.Add("mentions_me", true) }
            : message;
    }

    /// <summary>Link previews use the same field; only an ad names its source.</summary>
    private static AdReferral? Referral(JsonElement ad)
    {
        var (type, source, click) = (ad.Filled("sourceType"), ad.Id("sourceId", "sourceID"), ad.Filled("ctwaClid"));
        return type is null && source is null && click is null
            ? null
            : new AdReferral(type, source, ad.Filled("sourceUrl") ?? ad.Filled("sourceURL"), click, ad.Filled("title"));
    }
}
