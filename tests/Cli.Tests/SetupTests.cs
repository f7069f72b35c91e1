using System.Text.Json;
using Channels.Cli.Setup;
using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class SetupTests : IAsyncLifetime
{
    private const string GatewayKey = "gateway-key-nobody-must-see";
    private const string WebhookSecret = "webhook-secret-shown-once";
    private const string Id = "0199a1b2-0000-7000-8000-000000000001";

    private FakeApi _api = null!;
    private CommandRun _run = null!;

    public async Task InitializeAsync()
    {
        _api = (await FakeApi.StartAsync())
            .On("GET /api/v1/channels", new { channels = Array.Empty<object>(), total = 0, page = 1, limit = 1 })
            .On("GET /api/channels", Kinds.Answer)
            .On("POST /api/channels/validate", Kinds.Valid)
            .On("POST /api/v1/channels", Reply.Ok(new { id = Id, name = "Shop", status = "active", webhook_url = "http://127.0.0.1/webhooks/x", webhook_secret = WebhookSecret }, 201));
        _run = new CommandRun();
        _run.KeepSecret(GatewayKey, WebhookSecret);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public void What_a_server_wrote_does_not_steer_the_terminal_where_it_is_asked_with()
    {
        var person = new ScriptedPerson().Types("yes");

        var answer = new Questions(person).Text("Evil \u202egnp\u2066", null);

        Assert.Equal("yes", answer);
        Assert.Contains("Evil  gnp", person.Screen, StringComparison.Ordinal);
        Assert.DoesNotContain('\u2066', person.Screen);
    }

    [Fact]
    public async Task Address_and_key_are_kept_for_their_owner_alone_and_used_from_then_on()
    {
        _api.On("GET /readyz", new { status = "ready" });

        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key);
        var later = await _run.RunAsync("healthcheck");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(ExitCodes.Fine, later.Code);
        Assert.Equal(FakeApi.Key, JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(_run.ConfigFile)).GetProperty("key").GetString());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_run.ConfigFile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(_run.ConfigFile)!));
        }
    }

    [Fact]
    public async Task A_file_that_others_could_read_is_theirs_no_more_afterwards()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_run.ConfigFile)!);
        File.WriteAllText(_run.ConfigFile, "no json at all");

        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key);

        Assert.Equal(ExitCodes.Fine, ended.Code);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_run.ConfigFile));
        }
    }

    [Fact]
    public async Task The_kept_key_is_shown_to_no_other_server()
    {
        await using var other = (await FakeApi.StartAsync()).On("GET /api/v1/events", new { events = Array.Empty<object>(), cursor = "1-0", more = false });
        await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key);

        var ended = await _run.RunAsync("tail", "--once", "--url", other.Address.ToString());

        Assert.Equal(ExitCodes.NotAllowed, ended.Code);
        Assert.Null(other.Calls.Single().Header("Authorization"));
    }

    [Fact]
    public async Task The_kept_key_is_shown_to_no_other_server_that_is_typed_either()
    {
        await using var other = (await FakeApi.StartAsync()).On("GET /api/v1/channels", new { channels = Array.Empty<object>(), total = 0, page = 1, limit = 1 });
        await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key);
        _run.Person = new ScriptedPerson().Types(other.Address.ToString()).Types("chk_a-key-of-the-other-server").Types("n");

        await _run.RunAsync("setup");

        Assert.All(other.Calls, call => Assert.Equal("Bearer chk_a-key-of-the-other-server", call.Header("Authorization")));
        Assert.NotEmpty(other.Calls);
        Assert.Contains(_api.Address.ToString().TrimEnd('/'), File.ReadAllText(_run.ConfigFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_takes_the_kept_address_is_not_asked_for_its_key_again()
    {
        await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key);
        _run.Person = new ScriptedPerson().Types(_api.Address.ToString()).Types("n");

        var ended = await _run.RunAsync("setup");

        Assert.Equal(ExitCodes.Fine, ended.Code);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    public async Task A_broken_file_is_said(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_run.ConfigFile)!);
        File.WriteAllText(_run.ConfigFile, content);

        var ended = await _run.RunAsync("healthcheck");

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("channels setup", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_and_with_nobody_to_ask_it_ends_with_2_and_keeps_nothing()
    {
        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString());

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("CHANNELS_API_KEY", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_run.ConfigFile));
        Assert.Empty(_api.Calls);
    }

    [Fact]
    public async Task A_key_that_does_not_open_is_not_kept()
    {
        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", "wrong-key-altogether");

        Assert.Equal(ExitCodes.NotAllowed, ended.Code);
        Assert.False(File.Exists(_run.ConfigFile));
    }

    [Fact]
    public async Task The_operator_makes_a_tenant_whose_key_is_kept_instead()
    {
        const string TenantKey = "chk_the-tenants-own-key-4711";
        _run.KeepSecret(TenantKey);
        _api.On("POST /api/v1/tenants", Reply.Ok(new { id = Id, name = "acme", api_key = TenantKey }, 201));

        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key, "--new-tenant", "acme");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains(TenantKey, File.ReadAllText(_run.ConfigFile), StringComparison.Ordinal);
        Assert.DoesNotContain(FakeApi.Key, File.ReadAllText(_run.ConfigFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_that_nobody_answered_for_is_asked_for_again_under_the_same_key()
    {
        _api.On(
            "POST /api/v1/tenants", Reply.Broken, Reply.Problem(503, "store_unavailable", "The store does not answer; nothing was done"),
            Reply.Ok(new { id = Id, name = "acme", api_key = "chk_the-tenants-own-key-4711" }, 201));

        var ended = await _run.RunAsync("setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key, "--new-tenant", "acme");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(3, _api.CallsOf("POST /api/v1/tenants").Count());
        Assert.NotEmpty(Assert.Single(_api.CallsOf("POST /api/v1/tenants").Select(call => call.Header("Idempotency-Key")).Distinct())!);
    }

    [Theory]
    [InlineData("--kind", "evolutoin")]
    [InlineData("--kind", "evolution", "--settings", "nowhere.json")]
    [InlineData("--kind", "evolution", "--set-file", "api_key=nowhere.txt")]
    [InlineData("--config", "a-file/config.json")]
    [InlineData("--config", ".")]
    public async Task A_command_that_cannot_be_meant_makes_no_tenant(params string[] options)
    {
        _run.File("a-file", "no folder");
        _api.On("POST /api/v1/tenants", Reply.Ok(new { id = Id, name = "acme", api_key = FakeApi.Key }, 201));

        var ended = await SetupAsync(["--new-tenant", "acme", .. options]);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(_api.CallsOf("POST /api/v1/tenants"));
        Assert.False(File.Exists(_run.ConfigFile));
    }

    [Fact]
    public async Task What_fails_after_a_tenant_was_made_ends_with_1_and_names_it()
    {
        _api.On("POST /api/v1/tenants", Reply.Ok(new { id = Id, name = "acme", api_key = FakeApi.Key }, 201));
        _api.On("POST /api/channels/validate", Kinds.Complaint("api_key", "is missing", "copy it from the gateway"));

        var ended = await SetupAsync("--new-tenant", "acme", "--kind", "evolution");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains($"The tenant acme ({Id}) is made", ended.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_run.ConfigFile));
    }

    [Fact]
    public async Task A_tenant_whose_key_cannot_be_kept_is_named_with_what_to_do()
    {
        var folder = Path.GetDirectoryName(_run.ConfigFile)!;
        _api.On("POST /api/v1/tenants", Reply.Ok(new { id = Id, name = "acme", api_key = FakeApi.Key }, 201) with
        {
            Meanwhile = () =>
            {
                Directory.Delete(folder);
                File.WriteAllText(folder, "in the way");
            },
        });

        var ended = await SetupAsync("--new-tenant", "acme");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains($"the key of the tenant acme ({Id}) is kept nowhere", ended.Error, StringComparison.Ordinal);
        Assert.Contains($"X-Tenant-Id: {Id}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_channel_is_validated_and_then_made_wholly_by_options()
    {
        _run.File("key.txt", GatewayKey);

        var ended = await SetupAsync(
            "--kind", "evolution", "--name", "Shop", "--identity", "549", "--agent", "echo", "--activate", "--check-connection", "--set", "base_url=https://gateway.test", "--set-file", "api_key=key.txt", "--json");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(Id, ended.Json.GetProperty("channel").GetProperty("id").GetString());
        Assert.Equal("[hidden]", ended.Json.GetProperty("channel").GetProperty("webhook_secret").GetString());
        Assert.True(_api.CallsOf("POST /api/channels/validate").Single().Json.GetProperty("check_connection").GetBoolean());
        _api.CallsOf("POST /api/v1/channels").Single().Sent(
            $$$"""{"channel_type":"evolution","name":"Shop","config":{"base_url":"https://gateway.test","api_key":"{{{GatewayKey}}}"},"activate":true,"identity":"549","agent":{"kind":"echo"}}""");
    }

    [Fact]
    public async Task What_is_not_valid_is_not_made()
    {
        _api.On("POST /api/channels/validate", Kinds.Complaint("api_key", "is missing", "copy it from the gateway"));

        var ended = await SetupAsync("--kind", "evolution");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("api_key: is missing", ended.Out, StringComparison.Ordinal);
        Assert.Empty(_api.CallsOf("POST /api/v1/channels"));
    }

    [Fact]
    public async Task A_provider_that_does_not_go_along_ends_with_1()
    {
        _api.On("POST /api/v1/channels", Reply.Ok(
            new { id = Id, name = "Shop", status = "error", webhook_url = "http://127.0.0.1/x", activation = new { success = false, code = "unauthorized", reason = "the key is not accepted", next_step = "Correct the key." } }, 201));

        var ended = await SetupAsync("--kind", "simulator", "--activate");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("the key is not accepted", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: Correct the key.", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--kind", "pigeon")]
    [InlineData("--set", "base_url=x")]
    public async Task A_channel_that_cannot_be_meant_ends_with_2(params string[] options)
    {
        var ended = await SetupAsync(options);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(_api.CallsOf("POST /api/v1/channels"));
        Assert.False(File.Exists(_run.ConfigFile));
    }

    [Fact]
    public async Task Somebody_at_the_terminal_is_asked_for_everything_and_again_for_what_was_wrong()
    {
        _api.On("POST /api/channels/validate", Reply.Ok(Kinds.Complaint("base_url", "must be a full address", "give the gateway's address")), Reply.Ok(Kinds.Valid));
        _run.Person = new ScriptedPerson()
            .Types(_api.Address.ToString()).Types(FakeApi.Key)
            .Types("y").Picks(0)
            .Types("gateway").Types(GatewayKey).Types("five").Types("5").Picks(1).Types("n")
            .Types("y").Types("https://gateway.test")
            .Types("Shop").Types("y");

        var ended = await _run.RunAsync("setup");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains("Where your Evolution API answers.", _run.Person.Screen, StringComparison.Ordinal);
        Assert.Contains("give whole seconds", _run.Person.Screen, StringComparison.Ordinal);
        Assert.Equal("gateway", _api.CallsOf("POST /api/channels/validate").First().Json.GetProperty("config").GetProperty("base_url").GetString());
        _api.CallsOf("POST /api/v1/channels").Single().Sent(
            $$$"""{"channel_type":"evolution","name":"Shop","config":{"api_key":"{{{GatewayKey}}}","send_timeout_seconds":5,"mode":"busy","loud":false,"base_url":"https://gateway.test"},"activate":true}""");
    }

    [Fact]
    public async Task A_setting_with_members_is_asked_for_member_by_member_and_again_when_one_is_wrong()
    {
        _api.On("POST /api/channels/validate", Reply.Ok(Kinds.Complaint("auth.username", "has a colon", "leave it out")), Reply.Ok(Kinds.Valid));
        _run.Person = new ScriptedPerson().Types("y").Types("a:b").Types(GatewayKey).Types("y").Types("y").Types("ab").Types(GatewayKey).Types("n");

        var ended = await SetupAsync("--kind", "waha", "--name", "Shop");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        _api.CallsOf("POST /api/v1/channels").Single().Sent(
            $$$$"""{"channel_type":"waha","name":"Shop","config":{"auth":{"username":"ab","password":"{{{{GatewayKey}}}}"}},"activate":false}""");
    }

    [Fact]
    public async Task Who_wants_no_questions_gets_none()
    {
        _run.Person = new ScriptedPerson();

        var ended = await SetupAsync("--kind", "simulator", "--no-input");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Empty(_run.Person.Screen);
    }

    private Task<Ended> SetupAsync(params string[] options) => _run.RunAsync(["setup", "--url", _api.Address.ToString(), "--key", FakeApi.Key, .. options]);
}
