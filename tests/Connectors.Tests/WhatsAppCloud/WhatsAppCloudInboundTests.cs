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

    [Theory]
    [InlineData("user_id_changed_named.json")]
    [InlineData("user_id_changed_words.json")]
    [InlineData("number_changed_user_name.json")]
    public void Who_has_no_number_here_goes_on_in_their_chat_when_their_user_id_changes(string file)
    {
        var changed = Assert.Single(Read(file));

        Assert.Equal(("GB.90000000000000000999", "GB.90000000000000000321", "GB.90000000000000000321"), (changed.ChatId, changed.ChatAlias, changed.MovedFrom));
    }

    [Theory]
    [InlineData("User Mira changed from GB.1 to GB.9", "GB.1")]
    [InlineData("User a from GB.7 to GB.8 changed from GB.1 to GB.9", "GB.1")]
    [InlineData("User Mira changed from GB.1 to GB.8", null)]
    [InlineData("User Mira changed from 447700900321 to GB.9", null)]
    [InlineData("User Mira changed from GB.9 to GB.9", null)]
    [InlineData("User GB.1 changed their id", null)]
    [InlineData("", null)]
    public void Words_made_for_people_say_who_somebody_was_only_where_they_fit(string words, string? former)
    {
        var changed = ReadSystem($$"""{"type":"user_changed_user_id","user_id":"GB.9","body":"{{words}}"}""");

        Assert.Equal(("GB.9", former), (changed.ChatId, changed.ChatAlias));
        Assert.Equal(former, changed.Details.GetValueOrDefault("old_id"));
    }

    [Fact]
    public void Who_has_shared_their_number_goes_on_in_its_chat_and_the_former_user_id_reaches_nobody()
    {
        var changed = ReadSystem("""{"type":"user_changed_user_id","user_id":"GB.9","previous_user_id":"GB.1"}""", from: "447700900321");

        Assert.Equal(("GB.9", "447700900321", "GB.1"), (changed.ChatId, changed.ChatAlias, changed.MovedFrom));
        Assert.Equal("GB.1", changed.Details["old_id"]);
    }

    [Fact]
    public void A_file_of_the_past_that_is_still_to_come_is_told_from_the_file_by_its_revision()
    {
        var told = Read("history_file_later.json");

        Assert.Equal([("message", "placeholder"), ("message", "")], told.Select(happened => EventKey.Of(happened)!.Value).Select(key => (key.KeyClass, key.Revision)));
    }

    [Fact]
    public void A_reaction_of_the_past_is_the_one_that_was_told_when_it_was_given()
    {
        var told = Read("history_reaction.json");

        Assert.Equal(["reaction", "message", "message"], told.Select(happened => EventKey.Of(happened)!.Value.KeyClass));
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

    private static ChannelEvent ReadSystem(string system, string? from = null)
    {
        var sender = from is null ? "" : $"\"from\":\"{from}\",";
        var body = $$$"""
            {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"5"},
              "messages":[{{{{sender}}}"id":"wamid.1","timestamp":"1767261600","type":"system","system":{{{system}}} }]}}]}]}
            """;
        return Assert.Single(Assert.IsType<Normalised.Events>(WhatsAppCloudInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Items);
    }

    private static ImmutableArray<ChannelEvent> Read(string file, Connection? channel = null) =>
        Assert.IsType<Normalised.Events>(WhatsAppCloudInbound.Normalise(new WebhookBody(_samples.BytesOf(file), Channel: channel))).Items;
}
