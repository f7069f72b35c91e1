using Channels.Core.Connectors;
using Channels.FakeProviders.Evolution;

namespace Channels.Connectors.Tests.Evolution;

public sealed class EvolutionOutboundTests
{
    private const string Instance = "harbour-shop";
    private readonly IConnector _connector = TestConnections.Connector("evolution");

    [Fact]
    public async Task A_text_is_taken_under_the_gateways_id()
    {
        await using var gateway = await StartAsync();
        var next = gateway.NextSendAsync();

        var outcome = await SendAsync(gateway, TestConnections.Message("Grüße 🌊 \"quoted\"", replyTo: "3B0QUESTION"));

        var send = await next;
        Assert.Equal(new SendOutcome.Accepted(send.Id), outcome);
        Assert.Equal(("447700900321", "Grüße 🌊 \"quoted\"", "3B0QUESTION"), (send.To, send.Text, send.ReplyTo));
    }

    [Theory]
    [InlineData("447700900321@s.whatsapp.net", "447700900321")]
    [InlineData("99887766554433@lid", "99887766554433@lid")]
    [InlineData("120363099999999999@g.us", "120363099999999999@g.us")]
    public async Task A_person_is_addressed_by_digits_everybody_else_by_the_whole_address(string chat, string expected)
    {
        await using var gateway = await StartAsync();

        await SendAsync(gateway, TestConnections.Message(chat: chat));

        Assert.Equal(expected, gateway.Ledger.After(0).Single().To);
    }

    [Fact]
    public async Task An_old_gateway_is_recognised_once_and_gets_every_text_once()
    {
        await using var gateway = await StartAsync(new() { Major = 1 });

        var first = await SendAsync(gateway, TestConnections.Message("one"));
        var second = await SendAsync(gateway, TestConnections.Message("two", replyTo: "3B0Q"));

        Assert.IsType<SendOutcome.Accepted>(first);
        Assert.IsType<SendOutcome.Accepted>(second);
        Assert.Equal(["one", "two"], gateway.Ledger.After(0).Select(send => send.Text));
        Assert.Equal(3, gateway.Calls.Count);
    }

    [Fact]
    public async Task No_answer_in_time_is_unknown_and_not_repeated()
    {
        await using var gateway = await StartAsync();
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });

        var outcome = await SendAsync(gateway, TestConnections.Message(), sendTimeoutSeconds: 1);

        Assert.IsType<SendOutcome.Unknown>(outcome);
        Assert.Equal(1, gateway.Ledger.Count);
    }

    [Fact]
    public async Task A_connection_reset_after_the_request_left_is_unknown()
    {
        await using var gateway = await StartAsync();
        gateway.Script(new FakeBehaviour { AcceptThenReset = true });

        Assert.IsType<SendOutcome.Unknown>(await SendAsync(gateway, TestConnections.Message()));
        Assert.Equal(1, gateway.Ledger.Count);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_later_because_nothing_left()
    {
        await using var gateway = await StartAsync();
        await gateway.StopAsync();

        var whileDown = await SendAsync(gateway, TestConnections.Message());
        await gateway.StartAgainAsync();
        var afterwards = await SendAsync(gateway, TestConnections.Message());

        Assert.Equal("unreachable", Assert.IsType<SendOutcome.TryLater>(whileDown).Code);
        Assert.IsType<SendOutcome.Accepted>(afterwards);
    }

    [Fact]
    public async Task A_name_that_cannot_be_resolved_is_tried_later() =>
        Assert.IsType<SendOutcome.TryLater>(await _connector.SendAsync(
            TestConnections.ToGateway(new Uri("http://gateway.invalid")), TestConnections.Message(), CancellationToken.None));

    [Fact]
    public async Task Too_many_sends_wait_as_long_as_the_gateway_says()
    {
        await using var gateway = await StartAsync();
        gateway.Script(new FakeBehaviour { FailStatus = 429, RetryAfter = TimeSpan.FromSeconds(7) });

        var outcome = Assert.IsType<SendOutcome.TryLater>(await SendAsync(gateway, TestConnections.Message()));

        Assert.Equal(TimeSpan.FromSeconds(7), outcome.After);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_text_that_cannot_be_sent_is_refused_without_a_call(string? text)
    {
        await using var gateway = await StartAsync();

        var outcome = await SendAsync(gateway, TestConnections.Message(text ?? new string('x', _connector.Manifest.Limits.TextLength + 1)));

        Assert.IsType<SendOutcome.Refused>(outcome);
        Assert.Empty(gateway.Calls);
    }

    [Fact]
    public async Task Incomplete_settings_block_the_account()
    {
        var outcome = await _connector.SendAsync(TestConnections.To(new { base_url = "not an address" }), TestConnections.Message(), CancellationToken.None);

        Assert.Equal("settings-incomplete", Assert.IsType<SendOutcome.Blocked>(outcome).Code);
    }

    [Fact]
    public async Task A_shutdown_is_no_outcome()
    {
        await using var gateway = await StartAsync();
        gateway.Script(new FakeBehaviour { AcceptThenHang = true });
        using var shutdown = new CancellationTokenSource();
        var taken = gateway.NextSendAsync();
        var sending = _connector.SendAsync(TestConnections.ToGateway(gateway.Address), TestConnections.Message(), shutdown.Token);

        await taken;
        await shutdown.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task Neither_secrets_nor_the_text_come_back_in_a_reason(int status)
    {
        await using var gateway = await StartAsync();
        var message = TestConnections.Message("a very private sentence");
        var leak = $$$"""{"response":{"message":["key {{{TestConnections.ApiKey}}} hook {{{TestConnections.WebhookSecret}}} said {{{message.Text}}}"]}}""";
        gateway.Script(new FakeBehaviour { FailStatus = status, FailBody = leak });

        var outcome = await SendAsync(gateway, message);

        var shown = outcome.ToString();
        Assert.DoesNotContain(TestConnections.ApiKey, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(TestConnections.WebhookSecret, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(message.Text, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Neither_a_connection_nor_its_settings_print_their_secrets()
    {
        var connection = TestConnections.ToGateway(new Uri("http://127.0.0.1:1"));

        var printed = $"{connection} {Connectors.Evolution.EvolutionSettings.Read(connection)}";

        Assert.DoesNotContain(TestConnections.ApiKey, printed, StringComparison.Ordinal);
        Assert.DoesNotContain(TestConnections.WebhookSecret, printed, StringComparison.Ordinal);
    }

    private static async Task<FakeEvolution> StartAsync(FakeEvolutionOptions? options = null)
    {
        var gateway = await FakeEvolution.StartAsync(options);
        gateway.AddInstance(Instance);
        return gateway;
    }

    private Task<SendOutcome> SendAsync(FakeEvolution gateway, OutboundMessage message, int sendTimeoutSeconds = 20) =>
        _connector.SendAsync(TestConnections.ToGateway(gateway.Address, sendTimeoutSeconds: sendTimeoutSeconds), message, CancellationToken.None);
}
