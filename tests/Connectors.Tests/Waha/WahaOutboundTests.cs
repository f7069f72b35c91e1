using System.Collections.Frozen;
using Channels.Connectors.Waha;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.FakeProviders.Waha;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaOutboundTests
{
    private const string Chat = "447700900321@s.whatsapp.net";
    private static readonly string _chosen = WahaOutbound.IdOf(TestConnections.Message().Id);
    private static readonly MessageId _another = new(Guid.Parse("00000000-0000-7000-8000-000000000004"));
    private readonly IConnector _connector = TestConnections.Connector("waha");

    [Theory]
    [InlineData("NOWEB")]
    [InlineData("GOWS")]
    [InlineData("WEBJS")]
    public async Task A_text_is_taken_under_the_id_we_chose(string engine)
    {
        await using var server = await StartAsync(new() { Engine = engine });
        await LearnAsync(server);

        var outcome = await SendAsync(server, TestConnections.Message("Grüße 🌊 \"quoted\"", replyTo: "3B0QUESTION"));

        var send = Assert.Single(server.Sends);
        Assert.Equal(new SendOutcome.Accepted(_chosen), outcome);
        Assert.Equal(("447700900321@c.us", "Grüße 🌊 \"quoted\"", "false_447700900321@c.us_3B0QUESTION"), (send.ChatId, send.Text, send.ReplyTo));
        Assert.Matches("^3EB0[0-9A-F]{18}$", send.Id);
    }

    [Fact]
    public async Task A_message_has_the_same_id_in_every_attempt_and_its_own_among_others()
    {
        await using var server = await StartAsync();
        await LearnAsync(server);
        await LearnAsync(server);

        await SendAsync(server, TestConnections.Message());
        await SendAsync(server, TestConnections.Message());
        await SendAsync(server, TestConnections.Message() with { Id = _another });

        Assert.Equal([true, true, false], server.Sends.Select(send => send.Id == _chosen));
        Assert.Single(server.Calls, call => call.Contains("/api/server/version", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2026.4.2")]
    [InlineData("2024.10.8")]
    [InlineData("nightly")]
    public async Task A_server_that_takes_no_ids_gives_its_own(string version)
    {
        await using var server = await StartAsync(new() { Version = version });
        await LearnAsync(server);
        string? asked = null;
        server.Before = async (http, path) =>
        {
            if (path == "/api/sendText")
            {
                http.Request.Body = new MemoryStream(await ReadAsync(http.Request.Body));
                asked = await new StreamReader(http.Request.Body).ReadToEndAsync();
                http.Request.Body.Position = 0;
            }

            return false;
        };

        var outcome = await SendAsync(server, TestConnections.Message());

        Assert.Equal(new SendOutcome.Accepted(Assert.Single(server.Sends).Id), outcome);
        Assert.DoesNotContain("\"id\"", asked, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Chat, "447700900321@c.us")]
    [InlineData("99887766554433@lid", "99887766554433@lid")]
    [InlineData("120363099999999999@g.us", "120363099999999999@g.us")]
    public async Task A_person_is_addressed_as_the_server_spells_it(string chat, string expected)
    {
        await using var server = await StartAsync();

        await SendAsync(server, TestConnections.Message(chat: chat));

        Assert.Equal(expected, server.Sends.Single().ChatId);
    }

    [Fact]
    public async Task A_session_that_is_not_connected_is_tried_later()
    {
        await using var server = await StartAsync();
        server.Sessions[WahaConnections.Session].Status = "STARTING";

        Assert.Equal("reconnecting", Assert.IsType<SendOutcome.TryLater>(await SendAsync(server, TestConnections.Message())).Code);
    }

    [Fact]
    public async Task What_may_have_left_is_unknown_and_found_by_its_id()
    {
        await using var server = await StartAsync();
        await LearnAsync(server);
        server.Script(new FakeWahaBehaviour { AcceptThenReset = true }, new FakeWahaBehaviour { AcceptThenHang = true });

        Assert.IsType<SendOutcome.Unknown>(await SendAsync(server, TestConnections.Message()));
        Assert.IsType<SendOutcome.Unknown>(await SendAsync(server, TestConnections.Message() with { Id = _another }, sendTimeoutSeconds: 1));

        Assert.Equal(new SentLookupOutcome.Found(_chosen), await FindAsync(server));
        Assert.Equal(2, server.Sends.Count);
    }

    [Fact]
    public async Task An_older_server_finds_it_by_its_text()
    {
        await using var server = await StartAsync(new() { Version = "2024.10.8" });
        server.Script(new FakeWahaBehaviour { AcceptThenReset = true });
        await SendAsync(server, TestConnections.Message());

        Assert.Equal(new SentLookupOutcome.Found(server.Sends.Single().Id), await FindAsync(server));
        Assert.IsType<SentLookupOutcome.NotThere>(await FindAsync(server, TestConnections.Message("something else") with { Id = _another }));
    }

    [Fact]
    public async Task A_server_that_stores_nothing_cannot_say()
    {
        await using var server = await StartAsync(new() { StoresMessages = false });
        await SendAsync(server, TestConnections.Message());

        Assert.IsType<SentLookupOutcome.CannotSay>(await FindAsync(server));
    }

    [Fact]
    public async Task Neither_secrets_nor_the_text_stand_in_what_is_said_of_a_failure()
    {
        await using var server = await StartAsync();
        server.Script(new FakeWahaBehaviour
        {
            FailStatus = 500, FailBody = $$$"""{"exception":{"message":"{{{server.Options.ApiKey}}} {{{TestConnections.WebhookSecret}}} We open at nine."}}""",
        });

        var unknown = Assert.IsType<SendOutcome.Unknown>(await SendAsync(server, TestConnections.Message()));

        Assert.DoesNotContain(server.Options.ApiKey!, unknown.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(TestConnections.WebhookSecret, unknown.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("We open", unknown.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_in_front_is_shown_its_user_as_well()
    {
        await using var server = await FakeWaha.StartAsync(new() { UserName = "mira", Password = "pa ss:wörd" });
        server.AddSession(WahaConnections.Session);
        var settings = new { base_url = server.Address.ToString(), session = WahaConnections.Session, api_key = server.Options.ApiKey, auth = new { type = "basic", username = "mira", password = "pa ss:wörd" } };

        Assert.IsType<SendOutcome.Accepted>(await _connector.SendAsync(TestConnections.To(settings), TestConnections.Message(), default));
        Assert.IsType<SendOutcome.Blocked>(await SendAsync(server, TestConnections.Message()));
    }

    [Fact]
    public async Task A_chat_is_marked_seen_before_typing_is_shown_and_taken_away()
    {
        await using var server = await StartAsync();

        await ((ITypingConnector)_connector).ShowTypingAsync(WahaConnections.To(server), Chat, TimeSpan.FromMilliseconds(1), default);

        Assert.Equal(["POST /api/sendSeen", "POST /api/startTyping", "POST /api/stopTyping"], server.Calls);
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static async Task<FakeWaha> StartAsync(FakeWahaOptions? options = null)
    {
        var server = await FakeWaha.StartAsync(options);
        server.AddSession(WahaConnections.Session);
        return server;
    }

    private Task<SessionReading> LearnAsync(FakeWaha server) => ((IPairingConnector)_connector).ReadSessionAsync(WahaConnections.To(server), identify: true, default);

    private Task<SendOutcome> SendAsync(FakeWaha server, OutboundMessage message, int sendTimeoutSeconds = 20) =>
        _connector.SendAsync(WahaConnections.To(server, sendTimeoutSeconds), message, default);

    private Task<SentLookupOutcome> FindAsync(FakeWaha server, OutboundMessage? message = null) => ((ISentLookup)_connector).FindSentAsync(
        WahaConnections.To(server), message ?? TestConnections.Message(), DateTimeOffset.UnixEpoch.AddDays(1), FrozenSet<string>.Empty, default);
}
