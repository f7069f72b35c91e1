using System.Text;
using System.Text.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudContentTests
{
    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    public static TheoryData<string, string, string> Contents => new()
    {
        { """{"type":"file","Form":"Image","Url":"https://quay.example/a.jpg"}""", "this one", """{"type":"image","image":{"link":"https://quay.example/a.jpg","caption":"this one"}}""" },
        { """{"type":"file","Form":"Voice","Url":"https://quay.example/a.ogg"}""", "", """{"type":"audio","audio":{"link":"https://quay.example/a.ogg","voice":true}}""" },
        { """{"type":"file","Form":"Document","Url":"https://quay.example/a.pdf","FileName":"Menu.pdf"}""", "", """{"type":"document","document":{"link":"https://quay.example/a.pdf","filename":"Menu.pdf"}}""" },
        { """{"type":"location","Latitude":51.5,"Longitude":-0.12,"Name":"Quay"}""", "", """{"type":"location","location":{"latitude":"51.5","longitude":"-0.12","name":"Quay"}}""" },
        { """{"type":"contacts","Items":[{"Name":"Joe Prado","Phone":"447700900556"}]}""", "", """{"type":"contacts","contacts":[{"name":{"formatted_name":"Joe Prado","first_name":"Joe Prado"},"phones":[{"phone":"+447700900556","wa_id":"447700900556"}]}]}""" },
        { """{"type":"reaction","Target":"wamid.THEIRS","Emoji":"👍","TargetFromMe":false}""", "", """{"type":"reaction","reaction":{"message_id":"wamid.THEIRS","emoji":"👍"}}""" },
        { """{"type":"template","Name":"order_news","Language":"en_GB","ComponentsJson":"[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"7\"}]}]"}""", "", """{"type":"template","template":{"name":"order_news","language":{"code":"en_GB"},"components":[{"type":"body","parameters":[{"type":"text","text":"7"}]}]}}""" },
        { """{"type":"interactive","Header":"Sunday","Footer":"from nine","Buttons":[{"Id":"y","Title":"Yes"}],"Sections":[]}""", "Shall we?", """{"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Sunday"},"body":{"text":"Shall we?"},"footer":{"text":"from nine"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}}""" },
        { """{"type":"interactive","Buttons":[],"ListLabel":"Choose","Sections":[{"Title":"Bread","Rows":[{"Id":"r","Title":"Rye","Description":"dark"}]}]}""", "Which?", """{"type":"interactive","interactive":{"type":"list","body":{"text":"Which?"},"action":{"button":"Choose","sections":[{"title":"Bread","rows":[{"id":"r","title":"Rye","description":"dark"}]}]}}}""" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task Each_content_leaves_in_Metas_own_form(string content, string text, string expected)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var message = TestConnections.Message(text, "447700900321") with { Content = JsonSerializer.Deserialize<OutboundContent>(content) };

        Assert.IsType<SendOutcome.Accepted>(await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), message, CancellationToken.None));

        var body = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Assert.Single(meta.Bodies))!;
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(expected)!)
        {
            Assert.True(JsonElement.DeepEquals(value, body[name]), $"{name}: expected {value}, got {body[name]}");
        }
    }

    [Fact]
    public async Task A_stored_file_is_handed_to_Meta_first_and_sent_by_its_id()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var message = Stored("the file's own bytes");

        Assert.IsType<SendOutcome.Accepted>(await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), message, CancellationToken.None));

        var (id, file) = Assert.Single(meta.Files);
        Assert.Equal(("the file's own bytes", "application/pdf"), (Encoding.UTF8.GetString(file.Bytes), file.Mime));
        Assert.Equal(id, JsonSerializer.Deserialize<JsonElement>(Assert.Single(meta.Bodies)).GetProperty("document").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_file_that_is_not_there_any_more_is_refused_without_a_call()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var outcome = await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), Stored("x") with { OpenFileAsync = _ => Task.FromResult<Stream?>(null) }, CancellationToken.None);

        Assert.Equal("file-gone", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(meta.Calls);
    }

    [Fact]
    public async Task A_caption_longer_than_WhatsApp_takes_is_refused_without_a_call()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        var outcome = await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), Stored("x") with { Text = new string('x', 1025) }, CancellationToken.None);

        Assert.Equal("text-too-long", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(meta.Calls);
    }

    [Theory]
    [InlineData(FileForm.Audio)]
    [InlineData(FileForm.Voice)]
    [InlineData(FileForm.Sticker)]
    public async Task A_text_beside_what_has_no_caption_is_refused_without_a_call(FileForm form)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var message = TestConnections.Message("the address is in it", "447700900321") with { Content = new OutboundContent.File(form, "https://quay.example/a", null, null, null) };

        var outcome = await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), message, CancellationToken.None);

        Assert.Equal("no-caption", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(meta.Calls);
    }

    [Theory]
    [InlineData("audio/ogg", "audio/ogg; codecs=opus")]
    [InlineData("audio/ogg; codecs=opus", "audio/ogg; codecs=opus")]
    [InlineData(null, "audio/ogg; codecs=opus")]
    [InlineData("audio/mpeg", "audio/mpeg")]
    public async Task A_voice_note_is_handed_over_as_what_Meta_takes(string? mime, string expected)
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var voice = Stored("a voice") with { Content = new OutboundContent.File(FileForm.Voice, null, "ref", mime, null) };

        Assert.IsType<SendOutcome.Accepted>(await _connector.SendAsync(WhatsAppCloudOutboundTests.To(meta), voice, CancellationToken.None));

        Assert.Equal((expected, expected), (Assert.Single(meta.Forms)["type"], Assert.Single(meta.Files).Value.Mime));
    }

    [Fact]
    public async Task A_file_that_somebody_sent_is_fetched_by_its_id()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        var id = meta.AddFile("a picture"u8.ToArray(), "image/jpeg");
        using var destination = new MemoryStream();

        var outcome = await ((IMediaFetch)_connector).FetchAsync(WhatsAppCloudOutboundTests.To(meta), new MediaReference { Id = id }, destination, CancellationToken.None);

        Assert.Equal(new MediaFetchOutcome.Fetched("image/jpeg"), outcome);
        Assert.Equal("a picture", Encoding.UTF8.GetString(destination.ToArray()));
        Assert.Equal($"GET /v23.0/{id}?phone_number_id=500600700800901", meta.Calls.First());
    }

    [Fact]
    public async Task A_file_that_Meta_does_not_have_is_gone()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();

        Assert.IsType<MediaFetchOutcome.Gone>(await ((IMediaFetch)_connector).FetchAsync(
            WhatsAppCloudOutboundTests.To(meta), new MediaReference { Id = "77" }, Stream.Null, CancellationToken.None));
    }

    [Fact]
    public async Task While_Meta_is_away_a_file_waits()
    {
        await using var meta = await WhatsAppCloudOutboundTests.StartAsync();
        await meta.StopAsync();

        Assert.IsType<MediaFetchOutcome.TryLater>(await ((IMediaFetch)_connector).FetchAsync(
            WhatsAppCloudOutboundTests.To(meta), new MediaReference { Id = "77" }, Stream.Null, CancellationToken.None));
    }

    private static OutboundMessage Stored(string bytes) => TestConnections.Message("", "447700900321") with
    {
        Content = new OutboundContent.File(FileForm.Document, null, "ref", "application/pdf", "Menu.pdf"),
        OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream(Encoding.UTF8.GetBytes(bytes))),
    };
}
