using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class ValidateTests : IAsyncLifetime
{
    private const string Secret = "sk-very-secret-0815";

    private FakeApi _api = null!;
    private CommandRun _run = null!;

    public async Task InitializeAsync()
    {
        _api = (await FakeApi.StartAsync()).On("GET /api/channels", Kinds.Answer).On("POST /api/channels/validate", Kinds.Valid);
        _run = CommandRun.Of(_api);
        _run.KeepSecret(Secret);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Valid_settings_end_with_0_and_were_asked_about_in_the_types_of_their_schema()
    {
        _run.File("key.txt", Secret + "\n");

        var ended = await _run.RunAsync("validate", "evolution", "--set", "baseURL=https://gateway.test", "--set-file", "api_key=key.txt", "--set", "send_timeout_seconds=5", "--set", "loud=true");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        _api.CallsOf("POST /api/channels/validate").Single().Sent(
            $$$"""{"channel_type":"evolution","check_connection":false,"config":{"baseURL":"https://gateway.test","api_key":"{{{Secret}}}","send_timeout_seconds":5,"loud":true}}""");
    }

    [Fact]
    public async Task A_file_is_taken_as_it_is_and_single_settings_go_over_it()
    {
        _run.File("settings.json", $$"""{"base_url": "https://old.test", "api_key": "{{Secret}}"}""");

        await _run.RunAsync("validate", "evolution", "--settings", "settings.json", "--set", "base_url=https://new.test", "--check-connection", "--channel", "0199a1b2-0000-7000-8000-000000000001");

        var asked = _api.CallsOf("POST /api/channels/validate").Single().Json;
        Assert.Equal("https://new.test", asked.GetProperty("config").GetProperty("base_url").GetString());
        Assert.True(asked.GetProperty("check_connection").GetBoolean());
        Assert.Equal("0199a1b2-0000-7000-8000-000000000001", asked.GetProperty("channel_id").GetString());
    }

    [Fact]
    public async Task Complaints_end_with_1_and_say_field_and_remedy()
    {
        _api.On("POST /api/channels/validate", Kinds.Complaint("base_url", "must be a full address", "give the gateway's address"));

        var ended = await _run.RunAsync("validate", "evolution", "--set", "base_url=x");
        var told = await _run.RunAsync("validate", "evolution", "--set", "base_url=x", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("base_url: must be a full address; give the gateway's address.", ended.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Wrong, told.Code);
        Assert.Equal("base_url", told.Json.GetProperty("complaints")[0].GetProperty("field").GetString());
        Assert.False(told.Json.GetProperty("valid").GetBoolean());
    }

    [Fact]
    public async Task A_secret_that_a_provider_repeats_is_hidden()
    {
        _api.On("POST /api/channels/validate", Kinds.Complaint("api_key", $"the gateway does not know {Secret}", "copy it"));

        var ended = await _run.RunAsync("validate", "evolution", "--set", $"api_key={Secret}");

        Assert.Contains("the gateway does not know [hidden]", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_provider_says_does_not_steer_the_terminal()
    {
        _api.On("POST /api/channels/validate", Kinds.Complaint("base_url", "\u001b[2Jgone", "look"));

        var ended = await _run.RunAsync("validate", "evolution");

        Assert.DoesNotContain('\u001b', ended.Out);
    }

    [Fact]
    public async Task A_kind_nobody_knows_is_the_servers_to_refuse()
    {
        _api.On("POST /api/channels/validate", Reply.Problem(404, "not_found", "There is no such thing here"));

        var ended = await _run.RunAsync("validate", "pigeon", "--set", "loft=1");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
    }

    [Theory]
    [InlineData("--set", "sk-very-secret-0815")]
    [InlineData("--settings", "nowhere.json")]
    [InlineData("--settings", "broken.json")]
    [InlineData("--set-file", "api_key=nowhere.txt")]
    public async Task Settings_that_cannot_be_read_end_with_2(string option, string value)
    {
        _run.File("broken.json", $$"""{"api_key": "{{Secret}}" """);

        var ended = await _run.RunAsync("validate", "evolution", option, value);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(_api.CallsOf("POST /api/channels/validate"));
    }
}
