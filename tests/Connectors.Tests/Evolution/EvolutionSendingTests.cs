using System.Text.Json;
using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionSendingTests
{
    private const string Instance = "harbour-shop";
    private readonly IConnector _connector = TestConnections.Connector("evolution");

    public static TheoryData<OutboundContent, string, string, string> Contents => new()
    {
        {
            new OutboundContent.File(FileForm.Image, "https://f.example/a.png", null, "image/png", "a.png"), "look", "message/sendMedia",
            """{"number":"447700900321","mediatype":"image","media":"https://f.example/a.png","caption":"look","mimetype":"image/png","fileName":"a.png"}"""
        },
        {
            new OutboundContent.File(FileForm.Document, null, "sha256-1", "application/pdf; v=1", null), "", "message/sendMedia",
            """{"number":"447700900321","mediatype":"document","media":"AQID","mimetype":"application/pdf; v=1","fileName":"document.pdf"}"""
        },
        {
            new OutboundContent.File(FileForm.Document, "https://f.example/my%20offer.odt?x=1", null, null, null), "", "message/sendMedia",
            """{"number":"447700900321","mediatype":"document","media":"https://f.example/my%20offer.odt?x=1","fileName":"my offer.odt"}"""
        },
        {
            new OutboundContent.File(FileForm.Document, "https://f.example/1", null, null, null), "", "message/sendMedia",
            """{"number":"447700900321","mediatype":"document","media":"https://f.example/1","fileName":"document.bin"}"""
        },
        {
            new OutboundContent.File(FileForm.Document, "https://f.example/1", null, "application/pdf", "Lista 3.0"), "", "message/sendMedia",
            """{"number":"447700900321","mediatype":"document","media":"https://f.example/1","mimetype":"application/pdf","fileName":"Lista 3.0.pdf"}"""
        },
        {
            new OutboundContent.File(FileForm.Document, "https://f.example/1", null, "application/pdf", "Scan.PDF"), "", "message/sendMedia",
            """{"number":"447700900321","mediatype":"document","media":"https://f.example/1","mimetype":"application/pdf","fileName":"Scan.PDF"}"""
        },
        { new OutboundContent.File(FileForm.Voice, null, "sha256-1", null, null), "", "message/sendWhatsAppAudio", """{"number":"447700900321","audio":"AQID"}""" },
        { new OutboundContent.File(FileForm.Sticker, "https://f.example/s.webp", null, null, null), "", "message/sendSticker", """{"number":"447700900321","sticker":"https://f.example/s.webp"}""" },
        { new OutboundContent.Place(41.5, -8.25, null, null), "", "message/sendLocation", """{"number":"447700900321","latitude":41.5,"longitude":-8.25,"name":"41.5, -8.25","address":"41.5, -8.25"}""" },
        { new OutboundContent.Cards([new("Ana", "351900000001")]), "", "message/sendContact", """{"number":"447700900321","contact":[{"fullName":"Ana","wuid":"351900000001","phoneNumber":"+351900000001"}]}""" },
        { new OutboundContent.Reaction("3B0Q", "👍", true), "", "message/sendReaction", """{"key":{"remoteJid":"447700900321@s.whatsapp.net","fromMe":true,"id":"3B0Q"},"reaction":"👍"}""" },
    };

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task It_is_sent_by_its_own_call(OutboundContent content, string text, string path, string body)
    {
        await using var gateway = await StartAsync(major: 2);

        var outcome = await _connector.SendAsync(TestConnections.ToGateway(gateway.Address, Instance), Message(content, text), CancellationToken.None);

        var send = Assert.Single(gateway.Ledger.After(0));
        Assert.Equal(new SendOutcome.Accepted(send.Id), outcome);
        Assert.Equal([$"POST /{path}/{Instance}"], gateway.Calls);
        Assert.True(JsonElement.DeepEquals(JsonSerializer.Deserialize<JsonElement>(body), JsonSerializer.Deserialize<JsonElement>(send.Text)), send.Text);
    }

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task An_old_gateway_gets_it_in_its_own_dialect(OutboundContent content, string text, string path, string body)
    {
        await using var gateway = await StartAsync(major: 1);

        var outcome = await _connector.SendAsync(TestConnections.ToGateway(gateway.Address, Instance), Message(content, text), CancellationToken.None);

        Assert.IsType<SendOutcome.Accepted>(outcome);
        Assert.Equal([$"POST /{path}/{Instance}", $"POST /{path}/{Instance}"], gateway.Calls);
        Assert.NotEqual(body, Assert.Single(gateway.Ledger.After(0)).Text);
    }

    [Fact]
    public async Task A_file_that_is_gone_and_what_the_gateway_cannot_send_are_refused_before_anything_leaves()
    {
        await using var gateway = await StartAsync(major: 2);
        var connection = TestConnections.ToGateway(gateway.Address, Instance);

        var gone = await _connector.SendAsync(
            connection, Message(new OutboundContent.File(FileForm.Image, null, "sha256-1", null, null), "") with { OpenFileAsync = _ => Task.FromResult<Stream?>(null) }, CancellationToken.None);
        var template = await _connector.SendAsync(connection, Message(new OutboundContent.Template("t", "en", null), ""), CancellationToken.None);

        Assert.Equal("file-gone", Assert.IsType<SendOutcome.Refused>(gone).Code);
        Assert.Equal("unsupported-content", Assert.IsType<SendOutcome.Refused>(template).Code);
        Assert.Empty(gateway.Calls);
    }

    [Theory]
    [InlineData(FileForm.Audio)]
    [InlineData(FileForm.Voice)]
    [InlineData(FileForm.Sticker)]
    public async Task Words_that_would_be_left_out_are_refused_before_anything_leaves(FileForm form)
    {
        await using var gateway = await StartAsync(major: 2);

        var outcome = await _connector.SendAsync(
            TestConnections.ToGateway(gateway.Address, Instance), Message(new OutboundContent.File(form, "https://f.example/a", null, null, null), "look"), CancellationToken.None);

        Assert.Equal("no-caption", Assert.IsType<SendOutcome.Refused>(outcome).Code);
        Assert.Empty(gateway.Calls);
    }

    [Fact]
    public async Task A_reaction_in_a_group_names_who_wrote_its_target_or_is_refused()
    {
        await using var gateway = await StartAsync(major: 2);
        var connection = TestConnections.ToGateway(gateway.Address, Instance);
        OutboundMessage InGroup(OutboundContent content) => TestConnections.Message("", "120363000000000001@g.us") with { Content = content };

        var unknown = await _connector.SendAsync(connection, InGroup(new OutboundContent.Reaction("3B0Q", "👍", false)), CancellationToken.None);
        await _connector.SendAsync(connection, InGroup(new OutboundContent.Reaction("3B0Q", "👍", false, "447700900777@s.whatsapp.net")), CancellationToken.None);

        Assert.Equal("unknown-target", Assert.IsType<SendOutcome.Refused>(unknown).Code);
        var key = JsonSerializer.Deserialize<JsonElement>(Assert.Single(gateway.Ledger.After(0)).Text).GetProperty("key");
        Assert.Equal("447700900777@s.whatsapp.net", key.GetProperty("participant").GetString());
    }

    private static OutboundMessage Message(OutboundContent content, string text) => TestConnections.Message(text) with
    {
        Content = content,
        OpenFileAsync = _ => Task.FromResult<Stream?>(new MemoryStream([1, 2, 3])),
    };

    private static async Task<FakeEvolution> StartAsync(int major)
    {
        var gateway = await FakeEvolution.StartAsync(new() { ApiKey = TestConnections.ApiKey, Major = major });
        gateway.AddInstance(Instance);
        return gateway;
    }
}
