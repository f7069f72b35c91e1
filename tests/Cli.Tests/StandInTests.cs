using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

/// <summary>What answers is no Channels server, or answers never.</summary>
public sealed class StandInTests : IAsyncLifetime
{
    private const string Account = "0199a1b2-0000-7000-8000-000000000001";

    private FakeApi _api = null!;

    public async Task InitializeAsync() => _api = await FakeApi.StartAsync();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task A_server_that_never_answers_holds_no_command_up(string question, string command)
    {
        _api.On("GET /readyz", new { status = "ready" }).On(question, Reply.Silent);
        using var run = CommandRun.Of(_api, TimeSpan.FromMilliseconds(200));

        var ended = await run.RunAsync(command.Split(' '));

        Assert.True(ended.Code == ExitCodes.Unreachable, ended.ToString());
        Assert.Contains("did not answer within 0.2 s.", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task Another_products_JSON_is_no_answer(string question, string command)
    {
        _api.On("GET /readyz", new { status = "ready" }).On(question, new { });
        using var run = CommandRun.Of(_api);

        var ended = await run.RunAsync(command.Split(' '));

        Assert.True(ended.Code == ExitCodes.Unreachable, ended.ToString());
        Assert.Contains("is no Channels server", ended.Error, StringComparison.Ordinal);
        Assert.Empty(ended.Out);
    }

    public static TheoryData<string, string> Questions { get; } = new()
    {
        { "GET /readyz", "healthcheck" },
        { "GET /api/v1/channels", "healthcheck" },
        { $"GET /api/v1/channels/{Account}", $"healthcheck --channel {Account}" },
        { "GET /api/v1/events", "tail" },
        { "GET /api/channels", "validate simulator" },
        { "GET /api/v1/channels", "setup" },
        { $"POST /api/v1/accounts/{Account}/messages", $"send --account {Account} --to 1 --text hola" },
        { $"POST /api/v1/channels/{Account}/simulate", $"simulate --account {Account} --from 1 --text hola" },
    };

    [Fact]
    public async Task A_server_that_is_told_to_wait_may_take_as_much_longer()
    {
        _api.On($"POST /api/v1/channels/{Account}/simulate", Reply.Ok(new { message_id = "sim-1", replies = new[] { new { author = "agent", text = "hola", status = "sent" } } }, 202) with { After = TimeSpan.FromSeconds(1) });
        using var run = CommandRun.Of(_api, TimeSpan.FromMilliseconds(200));

        var ended = await run.RunAsync("simulate", "--account", Account, "--from", "1", "--text", "hola", "--wait", "30");

        Assert.True(ended.Code == ExitCodes.Fine, ended.ToString());
    }

    [Fact]
    public async Task A_message_whose_state_cannot_be_read_is_given_up_when_the_wait_is_over()
    {
        _api.On($"POST /api/v1/accounts/{Account}/messages", Reply.Ok(new { id = Account, status = "queued" }, 202)).On($"GET /api/v1/messages/{Account}", Reply.Silent);
        using var run = CommandRun.Of(_api, TimeSpan.FromMilliseconds(200));

        var ended = await run.RunAsync("send", "--account", Account, "--to", "1", "--text", "hola", "--wait", "1");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Contains("is queued; how it went on is not known", ended.Error, StringComparison.Ordinal);
    }
}
