using System.Text;
using System.Text.Json;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Waha;

/// <summary>What the engines hand on, each in its own shape: <c>_data</c> of a message from 447700900321, and what must come of it.</summary>
public sealed class WahaDialectsTests
{
    private const string Ad = """{"sourceType":"ad","sourceId":"120","sourceUrl":"https://fb.example/a","ctwaClid":"C1","title":"Sale"}""";

    /// <summary>Baileys' own message.</summary>
    public static TheoryData<string, string> Noweb => new()
    {
        { """{"extendedTextMessage":{"text":"hi","contextInfo":{"isForwarded":true,"forwardingScore":1}}}""", """{"kind":"message.text","text":"hi","forwarded":true}""" },
        { """{"imageMessage":{"caption":"hi","contextInfo":{"forwardingScore":"4"}}}""", """{"kind":"message.image","text":"hi","forwarded":true}""" },
        { """{"extendedTextMessage":{"text":"hi","contextInfo":{"externalAdReply":{"title":"Sale","sourceUrl":"https://fb.example/a"},"conversionSource":"FB_Ads"}}}""", """{"kind":"message.text","referral":{"source_url":"https://fb.example/a","title":"Sale"}}""" },
        { """{"groupStatusMessageV2":{"message":{"conversation":"our day"}}}""", """{"kind":"message.text","action":"ignore","text":"our day","reason":"a story, told to a group"}""" },
        { """{"commentMessage":{"message":{"conversation":"me too"},"targetMessageKey":{"id":"3B1"}}}""", """{"kind":"message.unsupported","action":"store_only","text":"me too","reason":"commentMessage"}""" },
        { """{"eventMessage":{"name":"Party","description":"at ours"}}""", """{"kind":"message.unsupported","action":"store_only","text":"Party"}""" },
        { """{"productMessage":{"product":{"title":"A lamp","description":"it shines"}}}""", """{"kind":"message.unsupported","action":"store_only","text":"A lamp"}""" },
        { """{"interactiveResponseMessage":{"body":{"text":"Odd"},"nativeFlowResponseMessage":{"name":"quick_reply","paramsJson":"{not json"}}}""", """{"kind":"message.button_reply","text":"Odd"}""" },
        { """{"interactiveResponseMessage":{"body":{"text":"Menu"},"nativeFlowResponseMessage":{"name":"menu_options","paramsJson":"{\"id\":\"row_1\",\"description\":\"d\"}"}}}""", """{"kind":"message.list_reply","text":"Menu","payload":"row_1"}""" },
        { """{"interactiveResponseMessage":{"nativeFlowResponseMessage":{"name":"galaxy_message","paramsJson":"{\"flow_token\":\"t\",\"id\":\"7\"}"}}}""", """{"kind":"message.form_reply","payload":{"flow_token":"t","id":"7"}}""" },
    };

    /// <summary>whatsmeow's, in its spelling.</summary>
    public static TheoryData<string, string> Gows => new()
    {
        { """{"extendedTextMessage":{"text":"hi","contextInfo":{"isForwarded":true}}}""", """{"kind":"message.text","sender_name":"A Lamp Shop Ltd","forwarded":true}""" },
        { $$$$"""{"extendedTextMessage":{"text":"hi","contextInfo":{"externalAdReply":{{{{Ad}}}}}}}""", """{"kind":"message.text","referral":{"source_type":"ad","source_id":"120","source_url":"https://fb.example/a","ctwa_clid":"C1","title":"Sale"}}""" },
        { """{"interactiveResponseMessage":{"body":{"text":"Yes"},"InteractiveResponseMessage":{"NativeFlowResponseMessage":{"name":"quick_reply","paramsJSON":"{\"id\":\"y\"}"}}}}""", """{"kind":"message.button_reply","text":"Yes","payload":"y"}""" },
        { """{"audioMessage":{"PTT":true,"mimetype":"audio/ogg"}}""", """{"kind":"message.voice"}""" },
    };

    /// <summary>WhatsApp Web's model of a message, as WEBJS and WPP hand it on.</summary>
    public static TheoryData<string, string> Web => new()
    {
        { """{"type":"chat","body":"hi","ctwaContext":{"conversionSource":"FB_Ads","sourceUrl":"https://fb.example/a","title":"Sale","description":"All lamps","mediaType":1}}""", """{"kind":"message.text","text":"hi","referral":{"source_url":"https://fb.example/a","title":"Sale"}}""" },
        { $$$$"""{"type":"image","body":"","ctwaContext":{{{{Ad}}}}}""", """{"kind":"message.image","referral":{"source_type":"ad","source_id":"120","ctwa_clid":"C1"}}""" },
        { """{"type":"chat","body":"hi","isForwarded":true,"forwardingScore":1}""", """{"kind":"message.text","forwarded":true}""" },
        { """{"type":"interactive_response","body":"Yes","interactivePayload":{"name":"quick_reply","version":1,"type":"native_flow","paramsJson":"{\"id\":\"y\"}"}}""", """{"kind":"message.button_reply","action":"process","text":"Yes","payload":"y"}""" },
        { """{"type":"interactive_response","body":"Yes"}""", """{"kind":"message.button_reply","action":"process","text":"Yes"}""" },
        { """{"type":"interactive_response","body":"","interactivePayload":{"name":"single_select","paramsJson":"{\"id\":\"row_2\",\"title\":\"Support\"}"}}""", """{"kind":"message.list_reply","text":"Support","payload":"row_2"}""" },
        { """{"type":"interactive_response","body":"Sent","nativeFlowName":"galaxy_message","interactivePayload":{"name":"galaxy_message","buttonParamsJson":"{\"flow_token\":\"t\"}"}}""", """{"kind":"message.form_reply","text":"Sent","payload":{"flow_token":"t"}}""" },
        { """{"type":"native_flow","body":"Choose"}""", """{"kind":"message.unsupported","action":"store_only","text":"Choose","reason":"native_flow"}""" },
        { """{"type":"live_location","body":"","lat":38.7,"lng":-9.1,"isLive":true}""", """{"kind":"message.location","action":"process","location":{"lat":38.7,"lon":-9.1},"live":true}""" },
        { """{"type":"list_response","body":"Large","listResponse":{"singleSelectReply":{"selectedRowId":"l"}}}""", """{"kind":"message.list_reply","text":"Large","payload":"l"}""" },
        { """{"type":"chat","body":"hi","notifyName":"","verifiedBizName":"A Lamp Shop Ltd"}""", """{"kind":"message.text","sender_name":"A Lamp Shop Ltd"}""" },
    };

    [Theory]
    [MemberData(nameof(Noweb))]
    public void Nowebs_message_becomes(string message, string expected) =>
        Becomes(expected, $$$$"""{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","fromMe":false,"body":null,"_data":{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"id":"3B0"},"message":{{{{message}}}}}}""");

    [Theory]
    [MemberData(nameof(Gows))]
    public void Gowss_message_becomes(string message, string expected) =>
        Becomes(expected, $$$$"""{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","fromMe":false,"body":null,"_data":{"Info":{"Chat":"447700900321@s.whatsapp.net","ID":"3B0","PushName":"","VerifiedName":{"Details":{"verifiedName":"A Lamp Shop Ltd"}}},"Message":{{{{message}}}}}}""");

    [Theory]
    [MemberData(nameof(Web))]
    public void WhatsApp_Webs_message_becomes(string data, string expected)
    {
        var body = JsonDocument.Parse(data).RootElement.GetProperty("body").GetRawText();

        Becomes(expected, $$$$"""{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","fromMe":false,"body":{{{{body}}}},"_data":{{{{data}}}}}""");
    }

    [Theory]
    [InlineData("""{"conversation":"hi"}""")]
    [InlineData("""{"extendedTextMessage":{"text":"hi","contextInfo":{"isForwarded":false,"forwardingScore":0}}}""")]
    public void A_message_written_for_us_is_not_called_forwarded(string message) => Assert.False(
        Shown($$$$"""{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","_data":{"message":{{{{message}}}}}}""")[0].TryGetProperty("forwarded", out _));

    [Fact]
    public void A_card_that_is_no_ad_refers_to_none() => Assert.False(
        Shown("""{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","_data":{"message":{"extendedTextMessage":{"text":"hi","contextInfo":{"externalAdReply":{"title":"A page","sourceUrl":"https://page.example"}}}}}}""")[0].TryGetProperty("referral", out _));

    [Fact]
    public void What_waha_reads_of_a_message_we_cannot_read_goes_before_what_we_find_in_it() => Becomes(
        """{"kind":"message.unsupported","text":"2 x A lamp"}""",
        """{"id":"false_447700900321@c.us_3B0","from":"447700900321@c.us","body":"2 x A lamp","_data":{"message":{"orderMessage":{"message":"two of these"}}}}""");

    [Fact]
    public void A_story_of_ours_in_a_group_pauses_nobody() => Becomes(
        """{"action":"ignore","from_me":true}""",
        """{"id":"true_120363000000000001@g.us_3B0","from":"120363000000000001@g.us","fromMe":true,"source":"app","_data":{"message":{"groupStatusMessageV2":{"message":{"conversation":"our day"}}}}}""");

    [Theory]
    [InlineData("""{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"id":"3B0"},"message":{"conversation":"hi"}}""")]
    [InlineData("""{"Info":{"Chat":"447700900321@s.whatsapp.net","IsFromMe":false,"ID":"3B0"},"Message":{"conversation":"hi"}}""")]
    [InlineData("""{"id":{"_serialized":"false_447700900321@c.us_3B0"},"type":"chat","body":"hi"}""")]
    public void A_message_without_wahas_id_has_its_engines(string data) =>
        Becomes("""{"kind":"message.text","message_id":"3B0","chat_id":"447700900321@s.whatsapp.net"}""", $$$$"""{"body":"hi","_data":{{{{data}}}}}""");

    [Theory]
    [InlineData("message")]
    [InlineData("message.any")]
    public void Words_that_belong_to_no_message_are_parked(string name) => Assert.IsType<Normalised.Unreadable>(Read(name, """{"from":"447700900321@c.us","body":"hi"}"""));

    private static void Becomes(string expected, string payload) =>
        EventComparison.Equal(JsonDocument.Parse($"[{expected}]").RootElement, Read("message.any", payload));

    private static JsonElement[] Shown(string payload) =>
        [.. Assert.IsType<Normalised.Events>(Read("message.any", payload)).Items.Select(EventComparison.AsJson)];

    private static Normalised Read(string name, string payload) =>
        WahaInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes($$$"""{"event":"{{{name}}}","session":"a","payload":{{{payload}}}}""")));
}
