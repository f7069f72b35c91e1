using System.Collections.Immutable;
using System.Text;
using Channels.Connectors.WhatsAppCloud;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.WhatsAppCloud;

/// <summary>What a sample's index cannot say: a chat's second name, and what depends on the channel that reads it.</summary>
public sealed class WhatsAppCloudInboundTests
{
    private static readonly PayloadIndex _samples = PayloadIndex.OfSamples("WhatsAppCloud");

    [Theory]
    [InlineData("user_id_update.json")]
    [InlineData("user_id_update_number.json")]
    public void A_changed_user_id_leads_the_new_id_to_the_old_ones_chat(string file)
    {
        var changed = Read(file)[0];

        Assert.Equal(("GB.90000000000000000999", "GB.90000000000000000321"), (changed.ChatId, changed.ChatAlias));
    }

    [Fact]
    public void A_thread_of_the_past_is_known_by_both_ids_that_stand_beside_it() =>
        Assert.Equal(("447700900555", "GB.90000000000000000555"), (Read("history_user_name.json")[2].ChatId, Read("history_user_name.json")[2].ChatAlias));

    [Theory]
    [InlineData("553188887777", "5531988887777")]
    [InlineData("5215512345678", "525512345678")]
    [InlineData("447700900321", null)]
    [InlineData("BR.1349", null)]
    public void A_number_of_two_spellings_is_known_by_both_besides_its_user_id(string from, string? other)
    {
        var body = $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"5"},
              "messages":[{"from":"{{{from}}}","from_user_id":"BR.1349","id":"wamid.1","timestamp":"1767261600","type":"text","text":{"body":"x"}}]}}]}]}
            """;

        var message = Assert.Single(Assert.IsType<Normalised.Events>(WhatsAppCloudInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);

        Assert.Equal((from, other), (message.ChatId, message.ChatSpelling));
        Assert.Equal(from == "BR.1349" ? null : "BR.1349", message.ChatAlias);
    }

    [Theory]
    [InlineData("+44 20 7946 0100", EventAction.ThrottleAccount)]
    [InlineData("442079460100", EventAction.ThrottleAccount)]
    [InlineData("+44 20 7946 0999", EventAction.Ignore)]
    [InlineData("500600700800901", EventAction.ThrottleAccount)]
    [InlineData("harbour shop", EventAction.ThrottleAccount)]
    [InlineData("020 7946 0100", EventAction.ThrottleAccount)]
    [InlineData("10023456", EventAction.ThrottleAccount)]
    public void A_flagged_number_slows_its_own_channel_and_no_other_of_the_account(string identity, EventAction expected)
    {
        var told = Assert.Single(Read("quality_flagged.json", TestConnections.To(new { phone_number_id = "500600700800901" }, identity: identity)));

        Assert.Equal(expected, told.Action);
        Assert.Equal(expected == EventAction.Ignore ? "another number of this account" : "number quality FLAGGED", told.Reason);
    }

    private static ImmutableArray<ChannelEvent> Read(string file, Connection? channel = null) =>
        Assert.IsType<Normalised.Events>(WhatsAppCloudInbound.Normalise(new WebhookBody(_samples.BytesOf(file), Channel: channel))).Items;
}
