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

    [Theory]
    [InlineData("--channel", "healthcheck", "--channel", "abc")]
    [InlineData("--channel", "healthcheck", "--channel", Account, "--channel", "../../tenants?x=1#")]
    [InlineData("--channel", "validate", "simulator", "--channel", "abc")]
    [InlineData("--account", "tail", "--account", "abc")]
    [InlineData("--account", "simulate", "--account", "abc", "--from", "1", "--text", "hola")]
    [InlineData("--account", "send", "--channel", "abc", "--to", "1", "--text", "hola")]
    [InlineData("--conversation", "send", "--account", Account, "--conversation", "abc", "--text", "hola")]
    [InlineData("--wait takes whole seconds from 0 to 86400", "send", "--account", Account, "--to", "1", "--text", "hola", "--wait", "-1")]
    [InlineData("--wait takes whole seconds from 0 to 86400", "send", "--account", Account, "--to", "1", "--text", "hola", "--wait=-1")]
    [InlineData("--wait takes whole seconds from 0 to 86400", "send", "--account", Account, "--to", "1", "--text", "hola", "--wait", "soon")]
    [InlineData("--wait takes whole seconds from 0 to 86400", "send", "--account", Account, "--to", "1", "--text", "hola", "--wait", "99999999999")]
    [InlineData("--wait takes whole seconds from 0 to 60", "simulate", "--account", Account, "--from", "1", "--text", "hola", "--wait", "61")]
    public async Task A_value_of_the_wrong_form_ends_with_2_and_names_its_option(string named, params string[] arguments)
    {
        var ended = await _run.RunAsync(arguments);
        var told = await _run.RunAsync([.. arguments, "--json"]);

        Assert.Equal((ExitCodes.Usage, ExitCodes.Usage), (ended.Code, told.Json.GetProperty("exit_code").GetInt32()));
        Assert.Contains(named, ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Calls);
    }

    [Theory]
    [InlineData("GET", "", "healthcheck", "--account", Account)]
    [InlineData("GET", "", "healthcheck", "--channel", Account)]
    [InlineData("POST", "/simulate", "simulate", "--channel", Account, "--from", "1", "--text", "hola")]
    public async Task A_channel_may_be_called_account_and_an_account_channel(string method, string below, params string[] arguments)
    {
        _api.On("GET /readyz", new { status = "ready" });

        await _run.RunAsync(arguments);

        Assert.Single(_api.CallsOf($"{method} /api/v1/channels/{Account}{below}"));
    }

    [Fact]
    public async Task What_is_missing_is_named_and_what_was_mistyped_gets_a_proposal()
    {
        var missing = await _run.RunAsync("validate");
        var mistyped = await _run.RunAsync("helthcheck");

        Assert.Contains("The argument <kind> is missing.", missing.Error, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'healthcheck'?\n", mistyped.Error, StringComparison.Ordinal);
        Assert.Empty(mistyped.Out);
    }

    [Fact]
    public async Task An_interruption_is_told_to_programs_as_JSON()
    {
        using var stop = new CancellationTokenSource();
        _api.On("GET /api/v1/channels", Reply.Silent);
        _api.On("GET /readyz", new Reply(200, """{"status":"ready"}""") { Meanwhile = stop.Cancel });

        var told = await _run.RunAsync(["healthcheck", "--json"], null, stop.Token);
        using var again = new CancellationTokenSource();
        _api.On("GET /readyz", new Reply(200, """{"status":"ready"}""") { Meanwhile = again.Cancel });
        var ended = await _run.RunAsync(["healthcheck"], null, again.Token);

        Assert.Equal((ExitCodes.Interrupted, ExitCodes.Interrupted), (ended.Code, told.Code));
        Assert.Equal(ExitCodes.Interrupted, told.Json.GetProperty("exit_code").GetInt32());
        Assert.Equal("Interrupted.\n", ended.Error);
        Assert.Empty(ended.Out);
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
    public async Task Who_gave_no_key_is_told_how_one_is_given()
    {
        _run.Environment.Remove("CHANNELS_API_KEY");

        var ended = await _run.RunAsync("tail", "--once");
        var told = await _run.RunAsync("tail", "--once", "--json");

        Assert.Equal(ExitCodes.NotAllowed, ended.Code);
        foreach (var way in (string[])["No key was given", "channels setup", "CHANNELS_API_KEY", "--key -"])
        {
            Assert.Contains(way, ended.Error, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Bearer", ended.Error + told.Out, StringComparison.Ordinal);
        Assert.Equal("unauthenticated", told.Json.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("given with --key", "--key", "another-key")]
    [InlineData("in CHANNELS_API_KEY")]
    public async Task Whose_key_is_refused_is_told_which_one_it_is(string which, params string[] options)
    {
        _run.Environment["CHANNELS_API_KEY"] = "yet-another-key";

        var ended = await _run.RunAsync(["tail", "--once", .. options]);

        Assert.Equal(ExitCodes.NotAllowed, ended.Code);
        Assert.Contains($"The server refuses the key {which}", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("another-key", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_wrote_cannot_turn_the_order_of_what_is_read()
    {
        const string Name = "evil \u202egnp \u2066x\u2069 \u001b[31m";
        _api.On("GET /readyz", new { status = "ready" }).On("GET /api/v1/channels", new { channels = new[] { new { id = Account, name = Name, status = "error", status_reason = Name, next_step = Name } }, total = 1 })
            .On("GET /api/v1/events", Reply.Problem(422, "invalid_fields", Name, Name, Name, null, new { field = Name, message = Name }));

        var ended = await _run.RunAsync("healthcheck");
        var told = await _run.RunAsync("healthcheck", "--json");
        var refused = await _run.RunAsync("tail", "--once");

        Assert.Contains("evil  gnp", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(ended.Out + told.Out + refused.Error, letter => letter is '\u202e' or '\u2066' or '\u2069' or '\u001b');
        Assert.Equal(Name, told.Json.GetProperty("attention")[0].GetProperty("name").GetString());
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
