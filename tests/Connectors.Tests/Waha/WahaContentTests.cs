using System.Text;
using System.Text.Json;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.FakeProviders.Waha;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaContentTests
{
    private readonly IConnector _connector = TestConnections.Connector("waha");

    [Theory]
    [InlineData(FileForm.Image, "sendImage", "image/jpeg")]
    [InlineData(FileForm.Video, "sendVideo", "video/mp4")]
    [InlineData(FileForm.Voice, "sendVoice", "audio/ogg; codecs=opus")]
    [InlineData(FileForm.Audio, "sendFile", "audio/mpeg")]
    [InlineData(FileForm.Document, "sendFile", "application/octet-stream")]
    public async Task A_file_goes_by_its_address_through_the_call_for_its_form(FileForm form, string call, string mime)
    {
        var send = await SentAsync(new OutboundContent.File(form, "https://files.example/a", null, null, "a.bin"), form == FileForm.Voice ? "" : "look");

        Assert.Equal((call, mime), (send.Call, send.Body.GetProperty("file").GetProperty("mimetype").GetString()));
        Assert.Equal("https://files.example/a", send.Body.GetProperty("file").GetProperty("url").GetString());
        Assert.Equal(form == FileForm.Voice ? "" : "look", send.Text);
        Assert.Equal(form is FileForm.Voice or FileForm.Video, send.Body.TryGetProperty("convert", out _));
    }

    [Theory]
    [InlineData(FileForm.Image, "https://files.example/1.png?v=2", null, "image/png", "1.png")]
    [InlineData(FileForm.Image, "https://files.example/1.pdf", null, "image/jpeg", "1.pdf")]
    [InlineData(FileForm.Image, "https://files.example/picture", null, "image/jpeg", "file.jpg")]
    [InlineData(FileForm.Document, "https://files.example/d.pdf", null, "application/pdf", "d.pdf")]
    [InlineData(FileForm.Document, "https://files.example/7", "offer.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "offer.docx")]
    [InlineData(FileForm.Video, "https://files.example/film.mov", null, "video/mp4", "film.mov")]
    public async Task A_file_whose_type_nobody_says_is_what_its_name_or_address_ends_with(FileForm form, string url, string? name, string mime, string called)
    {
        var send = await SentAsync(new OutboundContent.File(form, url, null, null, name), "look");

        var file = send.Body.GetProperty("file");
        Assert.Equal((mime, called), (file.GetProperty("mimetype").GetString(), file.GetProperty("filename").GetString()));
    }

    [Fact]
    public async Task A_stored_file_goes_with_its_bytes()
    {
        var send = await SentAsync(new OutboundContent.File(FileForm.Document, null, "sha256-0", "text/plain", "a.txt"), "", file: "the file's bytes");

        Assert.Equal("the file's bytes", Encoding.UTF8.GetString(send.Body.GetProperty("file").GetProperty("data").GetBytesFromBase64()));
        Assert.Equal("a.txt", send.Body.GetProperty("file").GetProperty("filename").GetString());
        Assert.False(send.Body.TryGetProperty("caption", out _));
    }

    [Fact]
    public async Task A_file_that_is_gone_is_refused_and_nothing_is_sent()
    {
        await using var server = await StartAsync();

        var outcome = await SendAsync(server, Message(new OutboundContent.File(FileForm.Image, null, "sha256-0", null, null), "") with { OpenFileAsync = _ => Task.FromResult<Stream?>(null) });

        Assert.Equal("file-gone", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(server.Calls);
    }

    [Fact]
    public async Task A_place_goes_with_name_and_address_in_one_line()
    {
        var send = await SentAsync(new OutboundContent.Place(51.5, -0.12, "The harbour", "1 Quay Street"), "");

        Assert.Equal(("sendLocation", "The harbour, 1 Quay Street"), (send.Call, send.Body.GetProperty("title").GetString()));
        Assert.Equal((51.5, -0.12), (send.Body.GetProperty("latitude").GetDouble(), send.Body.GetProperty("longitude").GetDouble()));
        Assert.Equal(WahaOutbound.IdOf(TestConnections.Message().Id), send.Id);
    }

    [Fact]
    public async Task Cards_go_with_their_numbers()
    {
        var send = await SentAsync(new OutboundContent.Cards([new("Jo Marsh", "447700900777")]), "");

        var card = send.Body.GetProperty("contacts")[0];
        Assert.Equal(("sendContactVcard", "Jo Marsh", "+447700900777", "447700900777"), (send.Call, Text(card, "fullName"), Text(card, "phoneNumber"), Text(card, "whatsappId")));
    }

    [Theory]
    [InlineData("NOWEB", true, "true_447700900321@c.us_3EB0TARGET")]
    [InlineData("WEBJS", false, "false_447700900321@c.us_3EB0TARGET")]
    public async Task A_reaction_names_the_whole_id_of_its_target(string engine, bool targetFromMe, string expected)
    {
        var send = await SentAsync(new OutboundContent.Reaction("3EB0TARGET", "🎉", targetFromMe), "", engine);

        Assert.Equal(("reaction", expected, "🎉"), (send.Call, Text(send.Body, "messageId"), Text(send.Body, "reaction")));
    }

    [Theory]
    [InlineData(false, "447700900777@s.whatsapp.net", "false_120363000000000001@g.us_3EB0TARGET_447700900777@c.us")]
    [InlineData(false, "90000000000321@lid", "false_120363000000000001@g.us_3EB0TARGET_90000000000321@lid")]
    [InlineData(true, null, "true_120363000000000001@g.us_3EB0TARGET")]
    public async Task In_a_group_it_names_who_wrote_the_target(bool targetFromMe, string? sender, string expected)
    {
        await using var server = await StartAsync();

        await SendAsync(server, InGroup(new OutboundContent.Reaction("3EB0TARGET", "🎉", targetFromMe, sender)));

        Assert.Equal(expected, Text(Assert.Single(server.Sends).Body, "messageId"));
    }

    [Fact]
    public async Task A_reaction_in_a_group_to_nobody_knows_whose_message_is_refused()
    {
        await using var server = await StartAsync();

        var outcome = await SendAsync(server, InGroup(new OutboundContent.Reaction("3EB0TARGET", "🎉", false)));

        Assert.Equal("unknown-target", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(server.Calls);
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public async Task What_cannot_be_sent_is_refused_and_not_sent_as_something_else(string content, string code)
    {
        await using var server = await StartAsync();

        var outcome = await SendAsync(server, Message(JsonSerializer.Deserialize<OutboundContent>(content)!, "words"));

        Assert.Equal(code, Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(server.Calls);
    }

    public static TheoryData<string, string> Impossible => new()
    {
        { Json(new OutboundContent.File(FileForm.Sticker, "https://files.example/a", null, null, null)), "not-supported" },
        { Json(new OutboundContent.File(FileForm.Voice, "https://files.example/a", null, null, null)), "no-caption" },
        { Json(new OutboundContent.Template("welcome", "en", null)), "not-supported" },
        { Json(new OutboundContent.Interactive(null, null, [new("a", "A")], null, [])), "not-supported" },
    };

    [Theory]
    [InlineData("fake-waha-key", true, null)]
    [InlineData("another-key", true, "api_key")]
    [InlineData("fake-waha-key", false, null)]
    public async Task Settings_are_tried_without_changing_anything(string key, bool exists, string? field)
    {
        await using var server = await FakeWaha.StartAsync();
        if (exists)
        {
            server.AddSession(WahaConnections.Session, "SCAN_QR_CODE", number: null);
        }

        var check = await ((IConnectionCheck)_connector).CheckAsync(WahaConnections.To(server, key: key), default);

        Assert.Equal(field, check.Complaints.SingleOrDefault()?.Field);
        if (field is null)
        {
            Assert.Contains("2026.7.1", check.Found, StringComparison.Ordinal);
            Assert.Contains(exists ? "SCAN_QR_CODE" : "created", check.Found, StringComparison.Ordinal);
        }

        Assert.All(server.Calls, call => Assert.StartsWith("GET ", call, StringComparison.Ordinal));
        Assert.Equal(exists ? 1 : 0, server.Sessions.Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_to_be_so()
    {
        var server = await FakeWaha.StartAsync();
        var connection = WahaConnections.To(server);
        await server.DisposeAsync();

        var complaint = Assert.Single((await ((IConnectionCheck)_connector).CheckAsync(connection, default)).Complaints);

        Assert.Equal(("base_url", "unreachable"), (complaint.Field, complaint.Rule));
    }

    private static string Json(OutboundContent content) => JsonSerializer.Serialize(content);

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static OutboundMessage InGroup(OutboundContent content) => TestConnections.Message("", "120363000000000001@g.us") with { Content = content };

    private static OutboundMessage Message(OutboundContent content, string text) => TestConnections.Message(text) with { Content = content };

    private static async Task<FakeWaha> StartAsync(string engine = "NOWEB")
    {
        var server = await FakeWaha.StartAsync(new() { Engine = engine });
        server.AddSession(WahaConnections.Session);
        return server;
    }

    private Task<SendOutcome> SendAsync(FakeWaha server, OutboundMessage message) => _connector.SendAsync(WahaConnections.To(server), message, default);

    private async Task<FakeWahaMessage> SentAsync(OutboundContent content, string text, string engine = "NOWEB", string? file = null)
    {
        await using var server = await StartAsync(engine);
        await ((IPairingConnector)_connector).ReadSessionAsync(WahaConnections.To(server), identify: true, default);
        var message = Message(content, text) with { OpenFileAsync = file is null ? null : _ => Task.FromResult<Stream?>(new MemoryStream(Encoding.UTF8.GetBytes(file))) };

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(server, message));
        return Assert.Single(server.Sends);
    }
}
