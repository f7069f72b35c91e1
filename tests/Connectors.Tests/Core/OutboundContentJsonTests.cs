using System.Text.Json;
using Channels.Core.Connectors;

namespace Channels.Connectors.Tests.Core;

public sealed class OutboundContentJsonTests
{
    public static TheoryData<OutboundContent, string, string> Contents => new()
    {
        { new OutboundContent.File(FileForm.Image, "https://f.example/a.png", null, "image/png", "a.png"), "message.image", """{"media":{"mime":"image/png","filename":"a.png","url":"https://f.example/a.png"}}""" },
        { new OutboundContent.File(FileForm.Voice, null, "sha256-00", "audio/ogg", null), "message.voice", """{"media":{"mime":"audio/ogg"},"media_id":"sha256-00"}""" },
        { new OutboundContent.Place(41.1, -8.6, "Porto", null), "message.location", """{"location":{"lat":41.1,"lon":-8.6,"name":"Porto"}}""" },
        { new OutboundContent.Cards([new("Ana", "351900000001")]), "message.contact", """{"contacts":[{"name":"Ana","phone":"351900000001"}]}""" },
        { new OutboundContent.Reaction("wamid.1", "", true), "message.reaction", """{"target_message_id":"wamid.1","emoji":"","removed":true}""" },
        { new OutboundContent.Template("order_ready", "pt_PT", """[{"type":"body"}]"""), "message.text", """{"template":{"name":"order_ready","language":"pt_PT"}}""" },
        { new OutboundContent.Interactive(null, null, [new("y", "Yes"), new("n", "No")], null, []), "message.text", """{"options":["Yes","No"]}""" },
        { new OutboundContent.Interactive("H", "F", [], "Choose", [new("S", [new("1", "One", null)])]), "message.text", """{"options":["One"]}""" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public void What_is_stored_comes_back_whole(OutboundContent content, string kind, string details)
    {
        var stored = OutboundContentJson.Write(content)!;

        Assert.Equal(stored, OutboundContentJson.Write(OutboundContentJson.Read(stored)));
        Assert.Equal(content.GetType(), OutboundContentJson.Read(stored)!.GetType());
        Assert.Equal(kind, OutboundContentJson.KindOf(content));
        Assert.Equal(details, OutboundContentJson.DetailsOf(content, replyTo: null));
    }

    [Fact]
    public void Plain_text_has_no_content_and_its_details_only_what_it_answers()
    {
        Assert.Null(OutboundContentJson.Write(null));
        Assert.Null(OutboundContentJson.Read(null));
        Assert.Null(OutboundContentJson.DetailsOf(null, null));
        Assert.Equal("""{"reply_to":"A1"}""", OutboundContentJson.DetailsOf(null, "A1"));
        Assert.Equal("message.text", OutboundContentJson.KindOf(null));
    }

    [Fact]
    public void What_is_no_content_is_an_error() =>
        Assert.ThrowsAny<JsonException>(() => OutboundContentJson.Read("""{"type":"song"}"""));
}
