using System.Globalization;
using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class HealthcheckTests : IAsyncLifetime
{
    private FakeApi _api = null!;
    private CommandRun _run = null!;

    public async Task InitializeAsync()
    {
        _api = (await FakeApi.StartAsync()).On("GET /readyz", new { status = "ready" });
        _run = CommandRun.Of(_api);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Active_and_deliberately_inactive_channels_need_nobody()
    {
        Channels(Channel(1, "active"), Channel(2, "inactive"), Channel(3, "disabled"));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains("3 channels, none needs attention", ended.Out, StringComparison.Ordinal);
        Assert.True(told.Json.GetProperty("ok").GetBoolean());
        Assert.Equal(1, told.Json.GetProperty("channels").GetProperty("active").GetInt32());
        Assert.Equal(2, told.Json.GetProperty("channels").GetProperty("off_on_purpose").GetInt32());
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("connecting")]
    [InlineData("disconnected")]
    [InlineData("error")]
    [InlineData("a_status_of_tomorrow")]
    public async Task A_channel_in_trouble_is_said_with_what_since_when_and_what_to_do(string status)
    {
        Channels(Channel(1, "active"), Channel(2, status, "the gateway does not answer", "Check its address."));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains($"{status}: the gateway does not answer; since 2026-01-01 10:00:00Z", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: Check its address.", ended.Out, StringComparison.Ordinal);
        var attention = Assert.Single(told.Json.GetProperty("attention").EnumerateArray());
        Assert.Equal(IdOf(2), attention.GetProperty("channel_id").GetString());
        Assert.Equal("Check its address.", attention.GetProperty("next_step").GetString());
        Assert.Equal(ExitCodes.Wrong, told.Code);
    }

    [Fact]
    public async Task An_active_channel_that_is_deaf_is_said_and_so_is_one_of_a_suspended_tenant()
    {
        Channels(
            new { id = IdOf(1), name = "Bot", channel_type = "telegram", status = "active", status_code = "webhook-failing", status_reason = "Telegram cannot deliver", status_since = "2026-01-01T10:00:00Z", next_step = "Mend the address.", trouble_since = "2026-01-02T10:00:00Z" },
            new { id = IdOf(2), name = "Shop", channel_type = "evolution", status = "active", status_since = "2026-01-01T10:00:00Z", hold = new { reason = "tenant_suspended", what = "The tenant is suspended.", since = "2026-01-03T10:00:00Z", next_step = "Ask the operator." } },
            new { id = IdOf(3), name = "Off", channel_type = "evolution", status = "inactive", status_since = "2026-01-01T10:00:00Z", hold = new { reason = "tenant_suspended", what = "The tenant is suspended.", since = "2026-01-03T10:00:00Z", next_step = "Ask the operator." } });

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal((ExitCodes.Wrong, ExitCodes.Wrong), (ended.Code, told.Code));
        Assert.Contains("active, but Telegram cannot deliver; since 2026-01-02 10:00:00Z", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: Mend the address.", ended.Out, StringComparison.Ordinal);
        Assert.Contains("The tenant is suspended. Since 2026-01-03 10:00:00Z.", ended.Out, StringComparison.Ordinal);
        Assert.Equal([IdOf(1), IdOf(2)], told.Json.GetProperty("attention").EnumerateArray().Select(one => one.GetProperty("channel_id").GetString()));
        Assert.Equal("tenant_suspended", told.Json.GetProperty("attention")[1].GetProperty("hold").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Every_page_is_read_and_a_channel_that_moved_between_pages_is_one()
    {
        _api.On(
            "GET /api/v1/channels",
            Reply.Ok(new { channels = new[] { Channel(1, "active"), Channel(2, "active") }, total = 3, page = 1, limit = 2 }),
            Reply.Ok(new { channels = new[] { Channel(2, "active"), Channel(3, "error") }, total = 4, page = 2, limit = 2 }));

        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal(3, told.Json.GetProperty("channels").GetProperty("total").GetInt32());
        Assert.Equal(["?page=1&limit=200", "?page=2&limit=200"], _api.CallsOf("GET /api/v1/channels").Select(call => call.Query));
        Assert.Equal(ExitCodes.Wrong, told.Code);
    }

    [Fact]
    public async Task A_server_that_is_not_ready_is_wrong_but_there()
    {
        _api.On("GET /readyz", Reply.Problem(503, "not_ready", "The product is not ready", "Not ready: the store does not answer.", "Wait until it does."));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("the store does not answer. To do: Wait until it does.", ended.Out, StringComparison.Ordinal);
        Assert.False(told.Json.GetProperty("server").GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task A_server_that_is_ready_and_needs_somebody_is_wrong_and_its_channels_are_looked_at_too()
    {
        _api.On("GET /readyz", new { status = "ready", attention = new[] { new { code = "media_unavailable", what = "Files cannot be kept.", since = "2026-01-01T10:00:00Z", next_step = "Make room." } } });
        Channels(Channel(1, "active"));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal((ExitCodes.Wrong, ExitCodes.Wrong), (ended.Code, told.Code));
        Assert.Contains("server: Files cannot be kept. Since 2026-01-01 10:00:00Z.", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: Make room.", ended.Out, StringComparison.Ordinal);
        Assert.Contains("1 channel, none needs attention", ended.Out, StringComparison.Ordinal);
        Assert.False(told.Json.GetProperty("ok").GetBoolean());
        Assert.Equal("media_unavailable", Assert.Single(told.Json.GetProperty("server").GetProperty("attention").EnumerateArray()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Connections_are_tried_of_all_but_those_that_are_off()
    {
        Channels(Channel(1, "active"), Channel(2, "inactive"), Channel(3, "active"), Channel(4, "active"));
        _api.On($"POST /api/v1/channels/{IdOf(1)}/test-connection", new { ok = true, complaints = Array.Empty<object>(), found = "instance shop1, connected" })
            .On($"POST /api/v1/channels/{IdOf(3)}/test-connection", new { ok = false, complaints = new[] { new { field = "api_key", rule = "accepted", message = "is not accepted.", remedy = "Copy it anew." } }, found = (string?)null })
            .On($"POST /api/v1/channels/{IdOf(4)}/test-connection", Reply.Problem(409, "wrong_channel_kind", "This kind of channel cannot do this"));

        var ended = await _run.RunAsync("healthcheck", "--check-connection");
        var told = await _run.RunAsync("healthcheck", "--check-connection", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("connection: api_key: is not accepted; Copy it anew.", ended.Out, StringComparison.Ordinal);
        Assert.Single(told.Json.GetProperty("attention").EnumerateArray());
        Assert.Equal(["ok", "failed", "not_supported"], told.Json.GetProperty("checked").EnumerateArray().Select(check => check.GetProperty("result").GetString()));
        Assert.Empty(_api.CallsOf($"POST /api/v1/channels/{IdOf(2)}/test-connection"));
    }

    [Fact]
    public async Task Only_the_channels_named_are_looked_at_and_one_that_is_missing_hides_no_other()
    {
        _api.On($"GET /api/v1/channels/{IdOf(2)}", Channel(2, "error", "the gateway does not answer"));

        var ended = await _run.RunAsync("healthcheck", "--channel", IdOf(1), "--channel", IdOf(2));

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains($"({IdOf(1)})", ended.Out, StringComparison.Ordinal);
        Assert.Contains("there is no such channel", ended.Out, StringComparison.Ordinal);
        Assert.Contains("the gateway does not answer", ended.Out, StringComparison.Ordinal);
        Assert.Empty(_api.CallsOf("GET /api/v1/channels"));
    }

    private static string IdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"0199a1b2-0000-7000-8000-{number:D12}");

    private static object Channel(int number, string status, string? reason = null, string? next = null) => new
    {
        id = IdOf(number), name = $"Shop {number}", channel_type = "evolution", status, status_code = reason is null ? null : "unreachable", status_reason = reason, status_since = "2026-01-01T10:00:00Z", next_step = next,
    };

    private void Channels(params object[] channels) => _api.On("GET /api/v1/channels", new { channels, total = channels.Length, page = 1, limit = 200 });
}
