using System.Text.Json;
using Channels.Core.Connectors;
using Channels.FakeProviders.Waha;
using Channels.Testing;
using Microsoft.AspNetCore.Http;

namespace Channels.Connectors.Tests.Waha;

public sealed class WahaSessionsTests
{
    private const string Name = WahaConnections.Session;
    private readonly IPairingConnector _connector = (IPairingConnector)TestConnections.Connector("waha");

    [Theory]
    [InlineData("WORKING", typeof(SessionReading.Open))]
    [InlineData("STARTING", typeof(SessionReading.Connecting))]
    [InlineData("SCAN_QR_CODE", typeof(SessionReading.Connecting))]
    [InlineData("PASSKEY_REQUIRED", typeof(SessionReading.Connecting))]
    [InlineData("FAILED", typeof(SessionReading.Closed))]
    [InlineData("STOPPED", typeof(SessionReading.Closed))]
    [InlineData("SOMETHING_NEW", typeof(SessionReading.Connecting))]
    public async Task Its_status_is_read(string status, Type expected)
    {
        await using var server = await FakeWaha.StartAsync();
        server.AddSession(Name, status);

        Assert.IsType(expected, await ReadAsync(server));
    }

    [Fact]
    public async Task Who_is_paired_stands_in_the_same_answer()
    {
        await using var server = await FakeWaha.StartAsync();
        server.AddSession(Name);

        Assert.Equal(new SessionReading.Open("447700900100@s.whatsapp.net"), await ReadAsync(server));
        await ReadAsync(server);
        Assert.Equal(["GET /api/sessions/harbour-shop", "GET /api/server/version", "GET /api/sessions/harbour-shop"], server.Calls);
    }

    [Fact]
    public async Task One_that_waits_for_a_phone_is_not_paired_and_one_that_starts_does_not_say()
    {
        await using var server = await FakeWaha.StartAsync();

        server.AddSession(Name, "SCAN_QR_CODE", number: null);
        Assert.Equal(new SessionReading.Connecting(false), await ReadAsync(server));

        server.AddSession(Name, "STARTING");
        Assert.Equal(new SessionReading.Connecting(null), await ReadAsync(server));
    }

    [Fact]
    public async Task A_missing_session_a_wrong_key_and_a_wrong_address_are_told_apart()
    {
        await using var server = await FakeWaha.StartAsync();

        Assert.IsType<SessionReading.Missing>(await ReadAsync(server));
        Assert.Equal("unauthorized", Assert.IsType<SessionReading.Refused>(await _connector.ReadSessionAsync(WahaConnections.To(server, key: "wrong"), true, default)).Code);

        server.Before = async (http, _) =>
        {
            http.Response.StatusCode = 200;
            await http.Response.WriteAsync("<html>welcome</html>");
            return true;
        };
        Assert.Equal("wrong-address", Assert.IsType<SessionReading.Refused>(await ReadAsync(server)).Code);
    }

    [Fact]
    public async Task An_unknown_session_is_created_pointed_at_us_and_gives_its_code()
    {
        await using var server = await FakeWaha.StartAsync();

        var outcome = Assert.IsType<ActivationOutcome.Connecting>(await _connector.ActivateAsync(WahaConnections.To(server), default));

        var session = server.Sessions[Name];
        Assert.Equal((session.Code, null, null), (outcome.Code!.QrRaw, outcome.Code.QrImage, outcome.Code.Typed));
        var webhook = Assert.Single(session.Webhooks);
        Assert.Equal(WahaConnections.To(server).WebhookUrl.AbsoluteUri, webhook.GetProperty("url").GetString());
        Assert.Equal(TestConnections.WebhookSecret, webhook.GetProperty("hmac").GetProperty("key").GetString());
        Assert.True(webhook.GetProperty("retries").GetProperty("attempts").GetInt32() > 1);
        Assert.Equal("X-Webhook-Secret", webhook.GetProperty("customHeaders")[0].GetProperty("name").GetString());
        var events = webhook.GetProperty("events").EnumerateArray().Select(one => one.GetString()).ToArray();
        Assert.Contains("message.any", events);
        Assert.DoesNotContain("message", events);
        Assert.True(session.Config.GetProperty("noweb").GetProperty("store").GetProperty("enabled").GetBoolean());
        Assert.False(session.Config.GetProperty("noweb").GetProperty("store").GetProperty("fullSync").GetBoolean());
    }

    [Fact]
    public async Task A_picture_is_taken_where_the_code_has_no_text()
    {
        await using var server = await FakeWaha.StartAsync(new() { GivesRawCodes = false });

        var outcome = Assert.IsType<ActivationOutcome.Connecting>(await _connector.ActivateAsync(WahaConnections.To(server), default));

        Assert.Equal((null, "data:image/png;base64,iVBORw0KGgo="), (outcome.Code!.QrRaw, outcome.Code.QrImage));
    }

    [Fact]
    public async Task A_code_to_type_is_asked_for_once_and_shown_beside_every_code_to_scan()
    {
        await using var server = await FakeWaha.StartAsync();
        var first = Assert.IsType<ActivationOutcome.Connecting>(await _connector.PairAsync(WahaConnections.To(server), "447700900100", default));
        await server.Life.RotateAsync(server.Sessions[Name]);

        var second = Assert.IsType<ActivationOutcome.Connecting>(await _connector.PairAsync(WahaConnections.To(server), "447700900100", default));

        Assert.Equal(("FAKE0001", "FAKE0001"), (first.Code!.Typed, second.Code!.Typed));
        Assert.NotEqual(first.Code.QrRaw, second.Code.QrRaw);
    }

    [Fact]
    public async Task A_code_to_type_is_not_shown_any_more_once_the_engine_was_restarted()
    {
        await using var server = await FakeWaha.StartAsync();
        await _connector.PairAsync(WahaConnections.To(server), "447700900100", default);
        await _connector.RestartAsync(WahaConnections.To(server), isIdle: true, default);
        Assert.Equal("FAKE0002", await TypedAsync(_connector, server));

        server.Sessions[Name].Status = "FAILED";
        Assert.Equal("FAKE0003", await TypedAsync(_connector, server));
    }

    [Fact]
    public async Task A_code_to_type_is_shown_for_no_longer_when_the_clock_is_set_back()
    {
        var clock = new ManualClock();
        var connector = (IPairingConnector)TestConnections.Connector("waha", clock);
        await using var server = await FakeWaha.StartAsync();
        server.AddSession(Name, "SCAN_QR_CODE", number: null);
        Assert.Equal("FAKE0001", await TypedAsync(connector, server));

        clock.Jump(TimeSpan.FromHours(-5));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("FAKE0001", await TypedAsync(connector, server));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("FAKE0002", await TypedAsync(connector, server));
    }

    [Fact]
    public async Task A_working_session_is_adopted_with_everything_others_put_there()
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);
        session.Config = JsonSerializer.SerializeToElement(new
        {
            metadata = new Dictionary<string, string> { ["user.id"] = "17" },
            debug = true,
            proxy = new { server = "proxy.example:3128" },
            webhooks = new[] { new { url = "https://elsewhere.example/hook", events = new[] { "*" } } },
        });

        var outcome = await _connector.ActivateAsync(WahaConnections.To(server), default);

        Assert.Equal(new ActivationOutcome.Active("447700900100@s.whatsapp.net"), outcome);
        Assert.Equal("proxy.example:3128", session.Config.GetProperty("proxy").GetProperty("server").GetString());
        Assert.Equal("17", session.Config.GetProperty("metadata").GetProperty("user.id").GetString());
        Assert.Equal("00000000-0000-7000-8000-000000000002", session.Config.GetProperty("metadata").GetProperty("channels.account_id").GetString());
        Assert.Equal(["https://elsewhere.example/hook", WahaConnections.To(server).WebhookUrl.AbsoluteUri], session.Webhooks.Select(webhook => webhook.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task A_session_that_posts_to_us_already_is_not_restarted()
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);
        await _connector.ActivateAsync(WahaConnections.To(server), default);
        Assert.Equal(1, session.Starts);

        await _connector.ActivateAsync(WahaConnections.To(server), default);

        Assert.Equal(1, session.Starts);
        Assert.Single(session.Webhooks);
    }

    [Fact]
    public async Task A_webhook_of_ours_with_an_old_secret_is_replaced()
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);
        var url = WahaConnections.To(server).WebhookUrl.AbsoluteUri;
        session.Config = JsonSerializer.SerializeToElement(new { webhooks = new object[] { new { url = $"{url}/old-secret", events = new[] { "message" } } } });

        await _connector.ActivateAsync(WahaConnections.To(server), default);

        Assert.Equal(url, Assert.Single(session.Webhooks).GetProperty("url").GetString());
    }

    [Fact]
    public async Task An_older_server_is_asked_for_the_events_it_knows()
    {
        await using var server = await FakeWaha.StartAsync(new() { UnknownEvents = new HashSet<string> { "message.edited" } });

        Assert.IsType<ActivationOutcome.Connecting>(await _connector.ActivateAsync(WahaConnections.To(server), default));
        Assert.IsType<ActivationOutcome.Connecting>(await _connector.ActivateAsync(WahaConnections.To(server), default));

        Assert.Equal(1, server.Sessions[Name].Starts);
    }

    [Fact]
    public async Task A_free_build_of_old_says_what_to_do()
    {
        await using var server = await FakeWaha.StartAsync(new() { IsOldFreeBuild = true });

        var refused = Assert.IsType<ActivationOutcome.Refused>(await _connector.ActivateAsync(WahaConnections.To(server), default));

        Assert.Equal(("not-in-this-version", "session"), (refused.Code, refused.Field));
        Assert.Contains("2026.6", refused.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("STOPPED")]
    [InlineData("FAILED")]
    public async Task One_that_stands_still_is_started(string status)
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);
        await _connector.ActivateAsync(WahaConnections.To(server), default);
        session.Status = status;

        Assert.IsType<ActivationOutcome.Active>(await _connector.ActivateAsync(WahaConnections.To(server), default));
        Assert.Equal(2, session.Starts);
    }

    [Fact]
    public async Task One_whose_engine_fails_again_keeps_its_pairing_and_says_so()
    {
        await using var server = await FakeWaha.StartAsync();
        server.AddSession(Name, "FAILED").IsBroken = true;

        var refused = Assert.IsType<ActivationOutcome.Refused>(await _connector.ActivateAsync(WahaConnections.To(server), default));

        Assert.Equal("session-failed", refused.Code);
        Assert.DoesNotContain(server.Calls, call => call.EndsWith("/logout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_keeps_the_pairing_and_gives_a_code_where_there_is_none()
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);

        Assert.IsType<ActivationOutcome.Active>(await _connector.RestartAsync(WahaConnections.To(server), isIdle: false, default));

        session.Number = null;
        var unpaired = Assert.IsType<ActivationOutcome.Connecting>(await _connector.RestartAsync(WahaConnections.To(server), isIdle: false, default));
        Assert.Equal(session.Code, unpaired.Code?.QrRaw);
    }

    [Fact]
    public async Task Logging_out_leaves_it_stopped_and_may_be_repeated()
    {
        await using var server = await FakeWaha.StartAsync();
        var session = server.AddSession(Name);

        Assert.Null(await _connector.LogOutAsync(WahaConnections.To(server), default));
        Assert.Null(await _connector.LogOutAsync(WahaConnections.To(server), default));

        Assert.Equal(("STOPPED", null), (session.Status, session.Number));
    }

    [Fact]
    public async Task Removing_takes_it_away_and_may_be_repeated()
    {
        await using var server = await FakeWaha.StartAsync();
        server.AddSession(Name);

        Assert.Null(await _connector.RemoveAsync(WahaConnections.To(server), default));
        Assert.Null(await _connector.RemoveAsync(WahaConnections.To(server), default));
        Assert.Null(await _connector.LogOutAsync(WahaConnections.To(server), default));

        Assert.Empty(server.Sessions);
    }

    private static async Task<string?> TypedAsync(IPairingConnector connector, FakeWaha server) =>
        Assert.IsType<ActivationOutcome.Connecting>(await connector.PairAsync(WahaConnections.To(server), "447700900100", default)).Code!.Typed;

    private Task<SessionReading> ReadAsync(FakeWaha server) => _connector.ReadSessionAsync(WahaConnections.To(server), identify: true, default);
}
