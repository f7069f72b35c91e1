using System.Text.Json;
using Channels.Connectors.Json;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>Reads what a message says about itself: what it answers, whether it was passed on, which ad or product it came from.</summary>
internal static class WhatsAppCloudContext
{
    public static ChannelEvent Apply(ChannelEvent message, JsonElement item)
    {
        var context = item.Member("context");
        var often = context.Flag("frequently_forwarded") == true;
        var product = context.Member("referred_product");
        return message with
        {
            ReplyTo = message.ReplyTo ?? context.Id("id"),
            Referral = ReferralOf(item.Member("referral")),
            Details = message.Details.With(
                ("forwarded", often || context.Flag("forwarded") == true ? true : null),
                ("frequently_forwarded", often ? true : null),
                ("referred_product", WhatsAppCloudValues.Group(("catalog_id", product.Id("catalog_id")), ("product_retailer_id", product.Id("product_retailer_id"))))),
        };
    }

    /// <summary>Opens a free window of 72 hours at Meta, so it is kept whatever the message is.</summary>
    private static AdReferral? ReferralOf(JsonElement referral) => referral.IsObject()
        ? new AdReferral(referral.Filled("source_type"), referral.Id("source_id"), referral.Filled("source_url"), referral.Filled("ctwa_clid"), referral.Filled("headline"))
        : null;
}
