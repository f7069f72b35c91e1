using System.Net;
using System.Text.Json;
using Channels.FakeProviders.Waha;
using Channels.Spine.Tests.Running;
using Channels.Testing;

namespace Channels.Spine.Tests;

public sealed class WahaTests : SpineTest, IClassFixture<PairingSpine>
{
    public WahaTests(PairingSpine spine)
        : base(spine) => spine.KeepSecret("2@fake-waha-", "fake-waha-key");

    [PostgresFact]
    public async Task From_activation_over_the_code_to_open_the_first_answer_and_its_receipts()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, number) = await CreateAsync(server);

        var started = await channel.Api.PostAsync($"/api/v1/channels/{channel.Id}/activate-waha");

        var session = server.Sessions[name];
        Assert.Equal(("connecting", "SCAN_QR_CODE", session.Code), (Text(started, "status"), Text(started, "session_status"), Text(started, "qr_code_raw")));
        Assert.StartsWith("data:image/png;base64,iVBOR", Text(started, "qr_code"), StringComparison.Ordinal);
        Assert.Contains("Scan", Text(started, "message"), StringComparison.Ordinal);

        await server.Life.ScanAsync(session, number);
        var working = await SeenAsync(channel, "the session to work", seen => Text(seen, "session_status") == "WORKING" && Text(seen, "status") == "active");
        Assert.Equal($"{number}@s.whatsapp.net", Text(working, "connected_as"));

        var (customer, text) = (Spine.NewNumber(), Words());
        Assert.Equal(HttpStatusCode.OK, await server.Webhooks.CustomerSaysAsync(session, customer, text));
        var send = await SentAsync(server, customer);
        Assert.Equal((text, name), (send.Text, send.Session));

        Assert.Equal(HttpStatusCode.OK, await server.Webhooks.ReceiptAsync(session, send, 3, "READ"));
        var messages = await MessagesAsync(channel, customer, "the reply, read", found => found.Any(message => message is { IsOut: true, Status: "read" }));
        Assert.Equal(send.Id, messages[^1].ProviderMessageId);
    }

    [PostgresFact]
    public async Task A_code_the_server_replaces_is_replaced_for_who_watches()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, _) = await CreateAsync(server);
        var first = Text(await channel.Api.PostAsync($"/api/v1/channels/{channel.Id}/activate-waha"), "qr_code_raw");

        await server.Life.RotateAsync(server.Sessions[name]);

        var second = await SeenAsync(channel, "the next code", seen => Text(seen, "qr_code_raw") is { } code && code != first);
        Assert.Equal(server.Sessions[name].Code, Text(second, "qr_code_raw"));
    }

    [PostgresFact]
    public async Task Nobody_scanned_any_code_and_refreshing_starts_over()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, _) = await CreateAsync(server);
        await channel.Api.PostAsync($"/api/v1/channels/{channel.Id}/activate-waha");
        server.Sessions[name].Codes = FakeWahaLife.CodesGiven;

        await server.Life.RotateAsync(server.Sessions[name]);
        var expired = await SeenAsync(channel, "the pairing to have expired", seen => Text(seen, "session_status") == "FAILED");
        Assert.Equal(("disconnected", "pairing-expired"), (Text(expired, "status"), Text(expired, "reason_code")));

        var again = await channel.Api.PostAsync($"/api/v1/channels/{channel.Id}/refresh-session");
        Assert.Equal(("SCAN_QR_CODE", server.Sessions[name].Code), (Text(again, "session_status"), Text(again, "qr_code_raw")));
    }

    [PostgresFact]
    public async Task A_short_break_raises_no_alarm_and_a_phone_that_unlinks_does()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, number) = await WorkingAsync(server);

        await server.Life.BreakAsync(server.Sessions[name]);
        await SeenAsync(channel, "the session to work again", seen => Text(seen, "session_status") == "WORKING");

        // The server restarts what has lost its pairing when it is told to, and then waits for a phone.
        await server.Life.PhoneLogsOutAsync(server.Sessions[name]);
        var ended = await SeenAsync(channel, "the session to wait for a phone", seen => Text(seen, "session_status") == "SCAN_QR_CODE");
        Assert.Equal("needs-pairing", Text(ended, "reason_code"));

        await server.Life.ScanAsync(server.Sessions[name], number);
        await SeenAsync(channel, "the session to work again", seen => Text(seen, "session_status") == "WORKING");
    }

    [PostgresFact]
    public async Task Logging_out_here_ends_it_at_the_server_and_stays_so()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, _) = await WorkingAsync(server);

        var ended = await channel.Api.DeleteAsync($"/api/v1/channels/{channel.Id}/pairing");

        // Its session starts anew by itself for a moment, and its webhooks say so.
        Assert.Equal("STOPPED", server.Sessions[name].Status);
        Assert.Null(server.Sessions[name].Number);
        Assert.Equal("STOPPED", Text(ended, "session_status"));
    }

    [PostgresFact]
    public async Task A_send_that_broke_off_is_found_by_its_id_and_not_sent_twice()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, _) = await WorkingAsync(server);
        server.Script(new FakeWahaBehaviour { AcceptThenReset = true });
        var (customer, text) = (Spine.NewNumber(), Words());

        await server.Webhooks.CustomerSaysAsync(server.Sessions[name], customer, text);

        var messages = await MessagesAsync(channel, customer, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.Equal(Assert.Single(server.Sends).Id, messages[^1].ProviderMessageId);
    }

    [PostgresFact]
    public async Task Our_own_send_that_comes_back_is_no_persons_answer_and_one_from_the_phone_is()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, _) = await WorkingAsync(server);
        var customer = Spine.NewNumber();
        server.Script(new FakeWahaBehaviour { Echo = true });

        await server.Webhooks.CustomerSaysAsync(server.Sessions[name], customer, Words("first"));
        await MessagesAsync(channel, customer, "the reply, sent", found => found.Any(message => message is { IsOut: true, Status: "sent" }));
        Assert.False((await channel.ConversationAsync($"{customer}@s.whatsapp.net")).AgentPaused);
        Assert.Single(await channel.MessagesWithAsync($"{customer}@s.whatsapp.net"), message => message.IsOut);

        await server.Webhooks.PostAsync(server.Sessions[name], "message.any", new
        {
            id = $"true_{customer}@c.us_3APHONE{Spine.Next()}",
            timestamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            from = $"{customer}@c.us",
            fromMe = true,
            source = "app",
            body = Words("from the phone"),
            hasMedia = false,
        });
        await Until.SeenAsync("the agent to be silent", () => channel.ConversationAsync($"{customer}@s.whatsapp.net"), conversation => conversation.AgentPaused);
    }

    [PostgresFact]
    public async Task The_servers_global_hook_finds_the_channel_by_its_session()
    {
        await using var server = await FakeWaha.StartAsync();
        var (channel, name, number) = await CreateAsync(server);
        var session = server.AddSession(name, number: number);
        await channel.ActivateAsync();
        session.Config = JsonSerializer.SerializeToElement(new { });
        server.Webhooks.Global = (new Uri(Spine.Product.Address, "/api/webhooks/waha"), channel.Secret);
        var customer = Spine.NewNumber();

        Assert.Equal(HttpStatusCode.OK, await server.Webhooks.CustomerSaysAsync(session, customer, Words()));
        await SentAsync(server, customer);

        server.Webhooks.Global = (new Uri(Spine.Product.Address, "/api/webhooks/waha"), "another key altogether");
        Assert.Equal(HttpStatusCode.Unauthorized, await server.Webhooks.CustomerSaysAsync(session, customer, Words()));
    }

    private async Task<(Channel Channel, string Session, string Number)> CreateAsync(FakeWaha server)
    {
        var (name, number) = ($"waha{Spine.Next()}", $"5491150{Spine.Next():000000}");
        var channel = await Spine.Tenant.CreateChannelAsync(new
        {
            name,
            channel_type = "waha",
            identity = number,
            config = new { baseURL = server.Address, sessionID = name, api_key = server.Options.ApiKey },
            agent = new { kind = "echo" },
        });
        Spine.KeepSecret(channel.Secret);
        return (channel, name, number);
    }

    private async Task<(Channel Channel, string Session, string Number)> WorkingAsync(FakeWaha server)
    {
        var made = await CreateAsync(server);
        server.AddSession(made.Session, number: made.Number);
        await made.Channel.ActivateAsync();
        await SeenAsync(made.Channel, "the session to work", seen => Text(seen, "session_status") == "WORKING");
        await Until.SeenAsync("the channel to be active", made.Channel.StatusAsync, status => status == "active");
        return made;
    }

    private static Task<JsonElement> SeenAsync(Channel channel, string awaited, Func<JsonElement, bool> wanted) =>
        Until.SeenAsync(awaited, () => channel.Api.GetAsync($"/api/v1/channels/{channel.Id}/pairing"), wanted, seen => seen.ToString());

    private static async Task<FakeWahaMessage> SentAsync(FakeWaha server, string to)
    {
        await Until.TrueAsync($"a send to {to}", () => server.Sends.Any(send => send.ChatId == $"{to}@c.us"), () => $"{server.Sends.Count} sends, {string.Join(" | ", server.Calls.TakeLast(5))}");
        return server.Sends.Single(send => send.ChatId == $"{to}@c.us");
    }

    private static Task<IReadOnlyList<Message>> MessagesAsync(Channel channel, string number, string awaited, Func<IReadOnlyList<Message>, bool> wanted) =>
        Until.SeenAsync(awaited, () => channel.MessagesWithAsync($"{number}@s.whatsapp.net"), wanted, Channel.Shown);

    private static string? Text(JsonElement answer, string name) => answer.GetProperty(name).GetString();
}
