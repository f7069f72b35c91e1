using System.Text.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.WhatsApp;

public sealed class WhatsAppTests
{
    [Theory]
    [InlineData("447700900321@s.whatsapp.net", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("447700900321@c.us", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("447700900321:12@s.whatsapp.net", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("447700900321.0:12@s.whatsapp.net", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("447700900321_1:2@S.WhatsApp.Net", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("+447700900321@s.whatsapp.net", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("99887766554433:3@lid", "99887766554433@lid", "direct")]
    [InlineData("99887766554433@hosted.lid", "99887766554433@lid", "direct")]
    [InlineData("447700900321-1500000000@g.us", "447700900321-1500000000@g.us", "group")]
    [InlineData("120363099999999999@g.us", "120363099999999999@g.us", "group")]
    [InlineData("120363099999999999", "120363099999999999@g.us", "group")]
    [InlineData("447700900321", "447700900321@s.whatsapp.net", "direct")]
    [InlineData("status@broadcast", "status@broadcast", "status")]
    [InlineData("1767000000@broadcast", "1767000000@broadcast", "broadcast")]
    [InlineData("120363011111111111@newsletter", "120363011111111111@newsletter", "newsletter")]
    [InlineData("@lid", null, null)]
    [InlineData("abc", null, null)]
    [InlineData("", null, null)]
    [InlineData(null, null, null)]
    public void An_address_has_one_form(string? given, string? expected, string? chatType)
    {
        var jid = WhatsAppJid.Parse(given);

        Assert.Equal((expected, chatType), (jid?.ToString(), jid?.ChatType));
    }

    [Theory]
    [InlineData("Mira Holt", "Mira Holt")]
    [InlineData("  Mira ", "Mira")]
    [InlineData("007 Bond", "007 Bond")]
    [InlineData("🌸", "🌸")]
    [InlineData(".", ".")]
    [InlineData("Você", null)]
    [InlineData("", null)]
    [InlineData("   ", null)]
    [InlineData(null, null)]
    [InlineData("447700900321", null)]
    [InlineData("+44 7700 900321", null)]
    [InlineData("447700900321:3", null)]
    [InlineData("447700900321@s.whatsapp.net", null)]
    [InlineData("99887766554433@lid", null)]
    public void A_made_up_name_is_no_name(string? given, string? expected) => Assert.Equal(expected, WhatsAppName.Clean(given));

    [Theory]
    [InlineData("17", 17L)]
    [InlineData("\"17\"", 17L)]
    [InlineData("17.9", 17L)]
    [InlineData("\"1.7e1\"", 17L)]
    [InlineData("""{"low":17,"high":0,"unsigned":true}""", 17L)]
    [InlineData("""{"low":-1531557422,"high":410,"unsigned":false}""", 1763700001234L)]
    [InlineData("""{"low":"17","high":"0"}""", 17L)]
    [InlineData("""{"low":17}""", null)]
    [InlineData("1e300", null)]
    [InlineData("\"many\"", null)]
    [InlineData("null", null)]
    [InlineData("[17]", null)]
    public void A_number_is_read_in_any_spelling(string json, long? expected) => Assert.Equal(expected, WhatsAppValues.Integer(Element(json)));

    [Theory]
    [InlineData("1767261600", 1767261600L)]
    [InlineData("1767261600345", 1767261600L)]
    [InlineData("1767261600.997", 1767261600L)]
    [InlineData("\"1767261600345000\"", 1767261600L)]
    [InlineData("\"2026-01-01T10:00:00.900Z\"", 1767261600L)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("999999999999", null)]
    [InlineData("9223372036854775807", 9223372036L)]
    [InlineData("\"tomorrow\"", null)]
    public void A_moment_is_read_in_any_unit(string json, long? expectedSeconds) =>
        Assert.Equal(expectedSeconds, WhatsAppValues.Time(Element(json))?.ToUnixTimeSeconds());

    [Theory]
    [InlineData("\"AQID\"", "AQID")]
    [InlineData("""{"0":1,"1":2,"2":3}""", "AQID")]
    [InlineData("""{"2":3,"0":1,"1":2}""", "AQID")]
    [InlineData("[1,2,3]", "AQID")]
    [InlineData("""{"type":"Buffer","data":[1,2,3]}""", "AQID")]
    [InlineData("""{"0":256}""", null)]
    [InlineData("""{"100000":1}""", null)]
    [InlineData("""{"a":1}""", null)]
    [InlineData("{}", null)]
    [InlineData("[]", null)]
    [InlineData("7", null)]
    public void Bytes_are_read_in_any_spelling(string json, string? expected) => Assert.Equal(expected, WhatsAppValues.Base64(Element(json)));

    [Theory]
    [InlineData("Jo", "BEGIN:VCARD\nFN:Other\nTEL;waid=447700900777:+44 7700\nEND:VCARD", "Jo", "447700900777")]
    [InlineData(null, "FN:Jo\\, Marsh\r\nTEL;TYPE=home:+44 20\r\nTEL;TYPE=cell;waid=4477:+44 77", "Jo, Marsh", "4477")]
    [InlineData(null, "item2.tel:0044 1", null, "00441")]
    [InlineData(null, "TEL;wa\n id=77:x", null, "77")]
    [InlineData(null, ":::;;;\n\n", null, null)]
    [InlineData(null, null, null, null)]
    public void A_card_gives_name_and_number(string? displayName, string? card, string? name, string? phone) =>
        Assert.Equal(new ContactCard(name, phone), VCard.Read(displayName, card));

    private static JsonElement Element(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}
