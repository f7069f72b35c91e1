using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class CommandLineTests : IAsyncLifetime
{
    private const string Account = "0199a1b2-0000-7000-8000-000000000001";
    private const string Tenant = "0199a1b2-0000-7000-8000-000000000002";

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

    [Theory]
    [InlineData("--help")]
    [InlineData("healthcheck", "--help")]
    [InlineData("send", "-h")]
    public async Task Help_names_the_exit_codes_and_is_no_failure(params string[] arguments)
    {
        var ended = await _run.RunAsync(arguments);

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains("Usage:", ended.Out, StringComparison.Ordinal);
        Assert.Contains(ExitCodes.About, ended.Out, StringComparison.Ordinal);
        Assert.Empty(_api.Calls);
    }

    [Theory]
    [InlineData]
    [InlineData("fly")]
    [InlineData("healthcheck", "--quickly")]
    [InlineData("send", "--text", "hola")]
    [InlineData("send", "--account", "no-id", "--to", "1", "--text", "hola")]
    [InlineData("tail", "--since")]
    [InlineData("new")]
    public async Task A_command_line_that_cannot_be_used_ends_with_2_and_asks_nobody(params string[] arguments)
    {
        var ended = await _run.RunAsync(arguments);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.StartsWith("error: ", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Calls);
    }

    [Fact]
    public async Task A_wrong_command_line_is_told_to_programs_as_JSON()
    {
        var ended = await _run.RunAsync("send", "--json");

        Assert.Equal(ExitCodes.Usage, ended.Json.GetProperty("exit_code").GetInt32());
        Assert.Contains("--account", ended.Json.GetProperty("error").GetProperty("title").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://example.test")]
    [InlineData("example.test")]
    [InlineData("http://user:word@example.test")]
    public async Task An_address_that_cannot_be_asked_ends_with_2(string url)
    {
        var ended = await _run.RunAsync("healthcheck", "--url", url);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.DoesNotContain("word", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_it_ends_with_3_and_says_what_to_check()
    {
        await _api.DisposeAsync();

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Contains("cannot be reached", ended.Error, StringComparison.Ordinal);
        Assert.Contains("--url", ended.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Unreachable, told.Json.GetProperty("exit_code").GetInt32());
    }

    [Theory]
    [InlineData(200)]
    [InlineData(502)]
    public async Task What_is_no_Channels_server_ends_with_3(int status)
    {
        _api.On("GET /readyz", new Reply(status, "<html>welcome</html>", "text/html"));

        var ended = await _run.RunAsync("healthcheck");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Contains("is no Channels server", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var other = await FakeApi.StartAsync();
        _api.On("GET /readyz", new Reply(302, "") { Headers = new Dictionary<string, string> { ["Location"] = new Uri(other.Address, "/readyz").ToString() } });

        var ended = await _run.RunAsync("healthcheck");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Empty(other.Calls);
    }

    [Theory]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "forbidden")]
    public async Task A_key_that_does_not_open_ends_with_4(int status, string code)
    {
        _api.On("GET /api/v1/events", Reply.Problem(status, code, "No", remedy: "Use another key."));

        var ended = await _run.RunAsync("tail", "--once", "--json");

        Assert.Equal(ExitCodes.NotAllowed, ended.Code);
        Assert.Equal(code, ended.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_problem_is_shown_with_its_fields_and_its_remedy()
    {
        _api.On($"POST /api/v1/accounts/{Account}/messages", Reply.Problem(
            422, "invalid_fields", "Fields are missing or not valid", remedy: "Correct the fields listed under errors.", errors: new { field = "to", message = "is no address here." }));

        var ended = await _run.RunAsync("send", "--account", Account, "--to", "x", "--text", "hola");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("Fields are missing or not valid", ended.Error, StringComparison.Ordinal);
        Assert.Contains("to: is no address here.", ended.Error, StringComparison.Ordinal);
        Assert.Contains("To do: Correct the fields", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_an_answer_repeats_is_hidden()
    {
        _api.On("GET /readyz", Reply.Problem(500, "internal_error", "Something went wrong", $"The key {FakeApi.Key} broke it"));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");

        Assert.Contains("[hidden]", ended.Error, StringComparison.Ordinal);
        Assert.Contains("[hidden]", told.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_flag_goes_before_the_environment_and_a_key_may_come_on_standard_input()
    {
        _api.On("GET /api/v1/events", new { events = Array.Empty<object>(), cursor = "1-0", more = false });
        _run.Environment["CHANNELS_URL"] = "http://127.0.0.1:1";
        _run.Environment["CHANNELS_API_KEY"] = "some-other-key";
        _run.Input = FakeApi.Key + "\n";

        var ended = await _run.RunAsync("tail", "--once", "--url", _api.Address.ToString(), "--key", "-");

        Assert.Equal(ExitCodes.Fine, ended.Code);
    }

    [Fact]
    public async Task A_server_behind_a_prefix_is_asked_below_it()
    {
        _api.On("GET /gate/readyz", Reply.Problem(503, "not_ready", "The product is not ready", "Not ready: yet."));

        var ended = await _run.RunAsync("healthcheck", "--url", $"{_api.Address}gate");

        Assert.Contains("Not ready: yet.", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operator_key_says_for_which_tenant()
    {
        _api.On("GET /api/v1/events", new { events = Array.Empty<object>(), cursor = "1-0", more = false });

        await _run.RunAsync("tail", "--once", "--tenant", Tenant);

        Assert.Equal(Tenant, _api.Calls.Single().Header("X-Tenant-Id"));
    }

    [Fact]
    public async Task An_operator_key_without_a_tenant_is_bad_usage()
    {
        _api.On("GET /api/v1/events", Reply.Problem(400, "tenant_required", "The operator key needs a tenant here", remedy: "Say for which."));

        var ended = await _run.RunAsync("tail", "--once");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("--tenant", ended.Error, StringComparison.Ordinal);
    }
}
