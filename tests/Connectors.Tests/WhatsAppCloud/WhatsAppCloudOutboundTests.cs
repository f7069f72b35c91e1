using System.Text.Json;
using Channels.Core.Connectors;
using Channels.FakeProviders.WhatsAppCloud;

namespace Channels.Connectors.Tests.WhatsAppCloud;

public sealed class WhatsAppCloudOutboundTests
{
    private const string Number = "500600700800901";
    private readonly IConnector _connector = TestConnections.Connector("whatsapp_cloud");

    [Fact]
    public async Task A_text_is_taken_under_Metas_id_and_carries_ours()
    {
        await using var meta = await StartAsync();
        var next = meta.NextSendAsync();
        var message = TestConnections.Message("Grüße 🌊 \"quoted\"", "447700900321", replyTo: "wamid.QUESTION");

        var outcome = await SendAsync(meta, message);

        var send = await next;
        Assert.Equal(new SendOutcome.Accepted(send.Id), outcome);
        Assert.Equal((Number, "+447700900321", "Grüße 🌊 \"quoted\"", "wamid.QUESTION", message.Id.ToString()), (send.From, send.To, send.Text, send.ReplyTo, send.Callback));
    }

    [Theory]
    [InlineData("447700900321", "individual", "to", "+447700900321")]
    [InlineData("+447700900321", "individual", "to", "+447700900321")]
    [InlineData("GB.90000000000000000321", "individual", "recipient", "GB.90000000000000000321")]
    [InlineData("US.ENT.90000000000000000321", "individual", "recipient", "US.ENT.90000000000000000321")]
    [InlineData("Y2FwaV9ncm91cDo3", "group", "to", "Y2FwaV9ncm91cDo3")]
    public async Task Everybody_is_addressed_in_the_field_that_reaches_them(string chat, string type, string field, string expected)
    {
        await using var meta = await StartAsync();

        Assert.IsType<SendOutcome.Accepted>(await SendAsync(meta, TestConnections.Message(chat: chat)));

        var body = JsonSerializer.Deserialize<JsonElement>(Assert.Single(meta.Bodies));
        Assert.Equal((type, expected), (body.GetProperty("recipient_type").GetString(), body.GetProperty(field).GetString()));
        Assert.False(body.TryGetProperty(field == "to" ? "recipient" : "to", out _));
        Assert.Equal(expected, Assert.Single(meta.Ledger.All).To);
    }

    [Theory]
    [InlineData("See https://quay.example/menu", true)]
    [InlineData("We open at nine.", false)]
    public async Task A_link_is_shown_with_its_preview(string text, bool expected)
    {
        await using var meta = await StartAsync();

        await SendAsync(meta, TestConnections.Message(text, "447700900321"));

        Assert.Equal(expected, JsonSerializer.Deserialize<JsonElement>(Assert.Single(meta.Bodies)).GetProperty("text").GetProperty("preview_url").GetBoolean());
    }

    [Fact]
    public async Task No_answer_in_time_is_unknown_and_not_repeated()
    {
        await using var meta = await StartAsync();
        meta.Script(new FakeMetaBehaviour { AcceptThenHang = true });

        Assert.IsType<SendOutcome.Unknown>(await SendAsync(meta, TestConnections.Message(chat: "447700900321"), timeout: 1));
        Assert.Single(meta.Ledger.All);
    }

    [Fact]
    public async Task A_connection_reset_after_the_request_left_is_unknown()
    {
        await using var meta = await StartAsync();
        meta.Script(new FakeMetaBehaviour { AcceptThenReset = true });

        Assert.IsType<SendOutcome.Unknown>(await SendAsync(meta, TestConnections.Message(chat: "447700900321")));
        Assert.Single(meta.Ledger.All);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_later_because_nothing_left()
    {
        await using var meta = await StartAsync();
        await meta.StopAsync();

        var outcome = await SendAsync(meta, TestConnections.Message(chat: "447700900321"));

        Assert.Equal("unreachable", Assert.IsType<SendOutcome.TryLater>(outcome).Code);
    }

    [Fact]
    public async Task A_wrong_token_blocks_the_account_and_is_not_shown()
    {
        await using var meta = await StartAsync();

        var outcome = await _connector.SendAsync(To(meta, token: "wrong-token-0123456789"), TestConnections.Message(chat: "447700900321"), CancellationToken.None);

        var blocked = Assert.IsType<SendOutcome.Blocked>(outcome);
        Assert.Equal(("unauthorized", false), (blocked.Code, blocked.GatewayFault));
        Assert.DoesNotContain("wrong-token", blocked.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_text_that_cannot_be_sent_is_refused_without_a_call(string? text)
    {
        await using var meta = await StartAsync();

        Assert.IsType<SendOutcome.Refused>(await SendAsync(meta, TestConnections.Message(text ?? new string('x', _connector.Manifest.Limits.TextLength + 1), "447700900321")));
        Assert.Empty(meta.Calls);
    }

    [Fact]
    public async Task Incomplete_settings_block_the_account() =>
        Assert.Equal("settings-incomplete", Assert.IsType<SendOutcome.Blocked>(
            await _connector.SendAsync(TestConnections.To(new { phone_number_id = Number }), TestConnections.Message(), CancellationToken.None)).Code);

    [Fact]
    public async Task The_version_of_the_settings_is_called_and_Metas_own_address_by_default()
    {
        await using var meta = await StartAsync();

        await _connector.SendAsync(To(meta, version: "v26.0"), TestConnections.Message(chat: "447700900321"), CancellationToken.None);

        Assert.Equal($"POST /v26.0/{Number}/messages", Assert.Single(meta.Calls));
        Assert.Equal(
            new Uri($"https://graph.facebook.com/v23.0/{Number}/messages"),
            Channels.Connectors.WhatsAppCloud.WhatsAppCloudSettings.Read(TestConnections.To(new { phone_number_id = Number, access_token = "t" }))!.CallTo(Number, "messages"));
    }

    internal static Connection To(FakeMeta meta, string? token = null, string version = "v23.0", int timeout = 20, string number = Number, string? account = "500600700800900") => TestConnections.To(new
    {
        phone_number_id = number, business_account_id = account, access_token = token ?? meta.Options.AccessToken, app_secret = meta.Options.AppSecret,
        api_version = version, base_url = meta.Address.ToString(), send_timeout_seconds = timeout,
    });

    internal static async Task<FakeMeta> StartAsync()
    {
        var meta = await FakeMeta.StartAsync();
        meta.AddNumber(Number, "500600700800900", "442079460100");
        return meta;
    }

    private Task<SendOutcome> SendAsync(FakeMeta meta, OutboundMessage message, int timeout = 20) => _connector.SendAsync(To(meta, timeout: timeout), message, CancellationToken.None);
}
