using System.Text;
using System.Text.Json;
using Channels.Connectors.Evolution;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.Evolution;

/// <summary>What gateways of several versions say, and what must come of it.</summary>
public sealed class EvolutionDialectsTests
{
    /// <summary>Messages from 447700900321: what stands beside the key.</summary>
    public static TheoryData<string, string> Messages => new()
    {
        // 2.3 hoists the context, 1.8 and 2.4 leave it in the leaf.
        { """{"message":{"conversation":"hi"},"contextInfo":{"isForwarded":true,"forwardingScore":1}}""", """{"kind":"message.text","forwarded":true}""" },
        { """{"message":{"extendedTextMessage":{"text":"hi","contextInfo":{"forwardingScore":5}}}}""", """{"kind":"message.text","forwarded":true}""" },
        { """{"message":{"documentMessage":{"fileName":"a.pdf","contextInfo":{"isForwarded":true}}},"contextInfo":{"isForwarded":true}}""", """{"kind":"message.document","forwarded":true}""" },
        { """{"message":{"ephemeralMessage":{"message":{"extendedTextMessage":{"text":"hi","contextInfo":{"externalAdReply":{"title":"Sale","sourceUrl":"https://fb.example/a"},"conversionSource":"FB_Ads"}}}}}}""", """{"kind":"message.text","referral":{"source_url":"https://fb.example/a","title":"Sale"}}""" },
        { """{"message":{"groupStatusMessageV2":{"message":{"imageMessage":{"caption":"our day"}}}}}""", """{"kind":"message.image","action":"ignore","reason":"a story, told to a group"}""" },
        { """{"message":{"groupMentionedMessage":{"message":{"conversation":"hi"}}}}""", """{"kind":"message.text","action":"process","text":"hi"}""" },
        { """{"message":{"commentMessage":{"message":{"extendedTextMessage":{"text":"me too"}}}}}""", """{"kind":"message.unsupported","action":"store_only","text":"me too"}""" },
        { """{"message":{"eventMessage":{"name":"Party","startTime":"1763800000"}}}""", """{"kind":"message.unsupported","action":"store_only","text":"Party"}""" },
        { """{"message":{"productMessage":{"product":{"title":"A lamp"},"businessOwnerJid":"1@s.whatsapp.net"}}}""", """{"kind":"message.unsupported","action":"store_only","text":"A lamp"}""" },
        { """{"message":{"interactiveResponseMessage":{"body":{"text":"Odd"},"nativeFlowResponseMessage":{"name":"quick_reply","paramsJson":"{not json"}}}}""", """{"kind":"message.button_reply","text":"Odd"}""" },
        { """{"message":{"interactiveResponseMessage":{"nativeFlowResponseMessage":{"name":"quick_reply","paramsJson":"{\"id\":7,\"display_text\":\"Seven\"}"}}}}""", """{"kind":"message.button_reply","text":"Seven","payload":"7"}""" },
        { """{"message":{"interactiveResponseMessage":{"body":{"text":"Support"},"nativeFlowResponseMessage":{"name":"single_select","paramsJson":"{\"id\":\"row_2\"}"}}}}""", """{"kind":"message.list_reply","text":"Support","payload":"row_2"}""" },
        { """{"message":{"listResponseMessage":{"title":"Large","singleSelectReply":{"selectedRowId":"l"}}}}""", """{"kind":"message.list_reply","text":"Large","payload":"l"}""" },
        { """{"message":{"audioMessage":{"ptt":null,"seconds":3}}}""", """{"kind":"message.audio"}""" },
        { """{"message":{"viewOnceMessageV2Extension":{"message":{"audioMessage":{"ptt":true}}}}}""", """{"kind":"message.voice","view_once":true}""" },
    };

    /// <summary>The life of an instance.</summary>
    public static TheoryData<string, string, string> Connections => new()
    {
        // 1.7 and 1.8 tell this of a log-out alone, and without its code.
        { "status.instance", """{"instance":"a","status":"closed"}""", """{"kind":"connection.closed","needs_pairing":true}""" },
        { "status.instance", """{"instance":"a","status":"closed","disconnectionReasonCode":402}""", """{"kind":"connection.closed","reason_code":402,"needs_pairing":true}""" },

        // 2.4 gives up after a timeout, and the pairing stands.
        { "status.instance", """{"instance":"a","status":"closed","disconnectionReasonCode":408}""", """{"kind":"connection.closed","reason_code":408,"needs_pairing":false}""" },
        { "status.instance", """{"instance":"a","status":"created"}""", """{"kind":"ignored","action":"ignore"}""" },
        { "connection.update", """{"instance":"a","state":"close","statusReason":428}""", """{"kind":"connection.closed","reason_code":428,"needs_pairing":false}""" },
        { "connection.update", """{"instance":"a","state":"close","statusReason":"403"}""", """{"kind":"connection.closed","reason_code":403,"needs_pairing":true}""" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_becomes(string item, string expected) =>
        Becomes("messages.upsert", $$$"""{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":false,"id":"3B0"},{{{item[1..]}}}""", expected);

    [Theory]
    [MemberData(nameof(Connections))]
    public void The_life_of_an_instance_becomes(string name, string data, string expected) => Becomes(name, data, expected);

    [Theory]
    [InlineData("[]", "the body is JSON, but an array instead of an object")]
    [InlineData("true", "the body is JSON, but true instead of an object")]
    [InlineData("null", "the body is JSON, but null instead of an object")]
    [InlineData("7", "the body is JSON, but a number instead of an object")]
    public void A_body_that_is_no_object_is_called_what_it_is(string body, string why) =>
        Assert.Equal(why, Assert.IsType<Normalised.Unreadable>(EvolutionInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes(body)))).Reason);

    private static void Becomes(string name, string data, string expected) => EventComparison.Equal(
        JsonDocument.Parse($"[{expected}]").RootElement,
        EvolutionInbound.Normalise(new WebhookBody(Encoding.UTF8.GetBytes($$$"""{"event":"{{{name}}}","instance":"a","data":{{{data}}}}"""))));
}
