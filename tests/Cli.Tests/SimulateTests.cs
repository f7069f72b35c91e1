using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class SimulateTests : IAsyncLifetime
{
    private const string Account = "0199a1b2-0000-7000-8000-000000000001";
    private const string Path = $"POST /api/v1/channels/{Account}/simulate";

    private FakeApi _api = null!;
    private CommandRun _run = null!;

    public async Task InitializeAsync()
    {
        _api = await FakeApi.StartAsync();
        _run = CommandRun.Of(_api);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_message_is_committed_and_not_waited_for()
    {
        _api.On(Path, Reply.Ok(new { message_id = "sim-1", channel_id = Account }, 202));

        var ended = await SimulateAsync("--name", "Mira Holt");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        var call = _api.CallsOf(Path).Single();
        Assert.Equal("", call.Query);
        call.Sent("""{"from":"549","text":"hola","name":"Mira Holt"}""");
        Assert.NotEmpty(call.Header("Idempotency-Key")!);
    }

    [Theory]
    [InlineData("sent", ExitCodes.Fine)]
    [InlineData("failed", ExitCodes.Wrong)]
    public async Task The_reply_is_shown_and_one_that_failed_is_wrong(string status, int code)
    {
        _api.On(Path, Reply.Ok(new { message_id = "sim-1", channel_id = Account, replies = new[] { new { author = "agent", text = "hola back", status } } }, 202));

        var ended = await SimulateAsync("--wait", "7");

        Assert.Equal(code, ended.Code);
        Assert.Contains($"agent ({status}): hola back", ended.Out, StringComparison.Ordinal);
        Assert.Equal("?wait=7", _api.CallsOf(Path).Single().Query);
    }

    [Fact]
    public async Task No_reply_in_time_ends_with_1()
    {
        _api.On(Path, Reply.Ok(new { message_id = "sim-1", channel_id = Account, replies = Array.Empty<object>() }, 202));

        var ended = await SimulateAsync("--wait", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Equal(0, ended.Json.GetProperty("replies").GetArrayLength());
        Assert.Equal("?wait=10", _api.CallsOf(Path).Single().Query);
    }

    private Task<Ended> SimulateAsync(params string[] options) => _run.RunAsync(["simulate", "--account", Account, "--from", "549", "--text", "hola", .. options]);
}
