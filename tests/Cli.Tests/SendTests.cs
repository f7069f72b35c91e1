using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class SendTests : IAsyncLifetime
{
    private const string Account = "0199a1b2-0000-7000-8000-000000000001";
    private const string Message = "0199a1b2-0000-7000-8000-00000000000a";
    private const string Path = $"POST /api/v1/accounts/{Account}/messages";
    private const string Status = $"GET /api/v1/messages/{Message}";

    private FakeApi _api = null!;
    private CommandRun _run = null!;

    public async Task InitializeAsync()
    {
        _api = (await FakeApi.StartAsync()).On(Path, Reply.Ok(new { id = Message, conversation_id = Account, channel_id = Account, status = "queued", queue_position = 1, created_at = "2026-01-01T10:00:00Z" }, 202));
        _run = CommandRun.Of(_api);
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task A_text_is_queued_under_a_key_of_its_own()
    {
        var ended = await SendAsync("--to", "+49 151 1", "--text", "hola");
        await SendAsync("--to", "+49 151 1", "--text", "hola");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains($"Message {Message} is queued, next to be sent.", ended.Out, StringComparison.Ordinal);
        var calls = _api.CallsOf(Path).ToList();
        calls[0].Sent("""{"to":"+49 151 1","text":"hola"}""");
        Assert.Equal(2, calls.Select(call => call.Header("Idempotency-Key")).Distinct().Count());
        Assert.All(calls, call => Assert.NotEmpty(call.Header("Idempotency-Key")!));
    }

    [Fact]
    public async Task A_lost_answer_and_a_busy_server_are_asked_the_same_again_under_the_same_key()
    {
        _api.On(
            Path, Reply.Broken, Reply.Problem(503, "store_unavailable", "The store does not answer; nothing was done") with { Headers = new Dictionary<string, string> { ["Retry-After"] = "2" } },
            Reply.Problem(409, "idempotency_under_way", "A request with this Idempotency-Key is being carried out"), Reply.Ok(new { id = Message, status = "queued" }, 202));

        var ended = await SendAsync("--to", "1", "--text", "hola");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(4, _api.CallsOf(Path).Count());
        Assert.Single(_api.CallsOf(Path).Select(call => call.Header("Idempotency-Key")).Distinct());
        Assert.Equal([TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)], _run.Clock.Pauses);
    }

    [Fact]
    public async Task When_nobody_answers_in_the_end_it_says_under_which_key_to_go_on()
    {
        _api.On(Path, Reply.Broken);

        var ended = await SendAsync("--to", "1", "--text", "hola");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Contains($"--idempotency-key {_api.CallsOf(Path).First().Header("Idempotency-Key")}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_not_repeated()
    {
        _api.On(Path, Reply.Problem(422, "invalid_fields", "Fields are missing or not valid"));

        var ended = await SendAsync("--to", "1", "--text", "hola", "--idempotency-key", "mine");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Equal("mine", Assert.Single(_api.CallsOf(Path)).Header("Idempotency-Key"));
    }

    [Theory]
    [InlineData("sent", ExitCodes.Fine)]
    [InlineData("delivered", ExitCodes.Fine)]
    [InlineData("read", ExitCodes.Fine)]
    [InlineData("failed", ExitCodes.Wrong)]
    [InlineData("unknown", ExitCodes.Wrong)]
    public async Task Waiting_ends_when_it_is_settled(string status, int code)
    {
        _api.On(Status, Placed("queued"), Placed("sending"), Placed(status));

        var ended = await SendAsync("--to", "1", "--text", "hola", "--wait");

        Assert.Equal(code, ended.Code);
        Assert.Equal(3, _api.CallsOf(Status).Count());
        Assert.Contains(Message, ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_its_time_is_over_and_says_what_holds_it_up()
    {
        _api.On(Status, Placed("queued", new { position = 1, attempts = 2, next_attempt_at = "2026-01-01T10:00:00Z", last_error = "the gateway does not answer", hold = new { what = "The channel is error", since = "2026-01-01T09:00:00Z", next_step = "Check the gateway." } }));

        var ended = await SendAsync("--to", "1", "--text", "hola", "--wait", "5");
        var told = await SendAsync("--to", "1", "--text", "hola", "--wait", "5", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("is queued after 5 s", ended.Out, StringComparison.Ordinal);
        Assert.Contains("Tried 2 times: the gateway does not answer", ended.Out, StringComparison.Ordinal);
        Assert.Contains("Held up: The channel is error Since 2026-01-01 09:00:00Z.", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: Check the gateway.", ended.Out, StringComparison.Ordinal);
        Assert.Equal("queued", told.Json.GetProperty("message").GetProperty("status").GetString());
    }

    [Fact]
    public async Task What_the_message_itself_waits_for_is_said_with_since_when_and_until_when()
    {
        var waiting = new { reason = "circuit_open", what = "The provider failed again and again.", since = "2026-01-01T09:00:00Z", until = "2026-01-01T09:01:00Z", next_step = "See whether it answers." };
        _api.On(Status, Reply.Ok(new { message = new { status = "queued", waiting }, queue = new { position = 1, attempts = 0, next_attempt_at = "2026-01-01T10:00:00Z" } }));

        var ended = await SendAsync("--to", "1", "--text", "hola", "--wait", "5");

        Assert.Contains("Held up: The provider failed again and again. Since 2026-01-01 09:00:00Z. Until 2026-01-01 09:01:00Z.", ended.Out, StringComparison.Ordinal);
        Assert.Contains("To do: See whether it answers.", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stumbles_while_one_waits_is_asked_again()
    {
        _api.On(Status, Reply.Broken, Placed("sent"));

        var ended = await SendAsync("--to", "1", "--text", "hola", "--wait");

        Assert.Equal(ExitCodes.Fine, ended.Code);
    }

    [Fact]
    public async Task A_file_is_kept_first_and_named_in_the_message()
    {
        _api.On("POST /api/v1/media", Reply.Ok(new { media_id = "sha256-abc", size = 4 }, 201));
        _run.File("price list.pdf", "%PDF");

        var ended = await SendAsync("--conversation", Account, "--file", "price list.pdf", "--text", "our prices");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal("%PDF"u8.ToArray(), _api.CallsOf("POST /api/v1/media").Single().Content);
        _api.CallsOf(Path).Single().Sent(
            $$$"""{"conversation_id":"{{{Account}}}","type":"document","text":"our prices","media":{"filename":"price list.pdf","mime":"application/pdf","media_id":"sha256-abc"}}""");
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_by_the_servers_words()
    {
        _api.On("POST /api/v1/media", Reply.Problem(413, "too_large", "The body is too large", remedy: "Files to be sent may have 32 MB.") with { IsEarly = true });
        File.WriteAllBytes(System.IO.Path.Combine(_run.Home, "film.mp4"), new byte[33 << 20]);

        var ended = await SendAsync("--to", "1", "--file", "film.mp4", "--json");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Equal("too_large", ended.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Single(_api.Calls);
    }

    [Theory]
    [InlineData("bestellung-\u00e4")]
    [InlineData("order\n17")]
    [InlineData("order 17")]
    [InlineData("")]
    public async Task A_key_that_no_header_can_carry_ends_with_2_and_asks_nobody(string key)
    {
        var ended = await SendAsync("--to", "1", "--text", "hola", "--idempotency-key", key);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Contains("--idempotency-key", ended.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Calls);
    }

    [Fact]
    public async Task A_file_elsewhere_is_what_its_name_says_unless_told_otherwise()
    {
        await SendAsync("--to", "1", "--media-url", "https://files.test/a/picture.JPG?size=1");
        await SendAsync("--to", "1", "--media-url", "https://files.test/note.ogg", "--type", "voice");

        var calls = _api.CallsOf(Path).ToList();
        calls[0].Sent("""{"to":"1","type":"image","media":{"url":"https://files.test/a/picture.JPG?size=1","mime":"image/jpeg"}}""");
        calls[1].Sent("""{"to":"1","type":"voice","media":{"url":"https://files.test/note.ogg","mime":"audio/ogg"}}""");
    }

    [Fact]
    public async Task A_template_brings_its_values_along()
    {
        await SendAsync("--to", "1", "--template", "order_ready", "--language", "de", "--components", """[{"type":"body"}]""", "--author", "program");

        _api.CallsOf(Path).Single().Sent("""{"to":"1","author":"program","type":"template","template":{"name":"order_ready","language":"de","components":[{"type":"body"}]}}""");
    }

    [Theory]
    [InlineData("--text", "hola")]
    [InlineData("--to", "1")]
    [InlineData("--to", "1", "--conversation", Account, "--text", "hola")]
    [InlineData("--to", "1", "--media-url", "https://files.test/a", "--template", "x")]
    [InlineData("--to", "1", "--template", "x", "--components", "{}")]
    [InlineData("--to", "1", "--file", "nowhere.pdf")]
    public async Task What_makes_no_message_ends_with_2_and_sends_none(params string[] options)
    {
        var ended = await SendAsync(options);

        Assert.Equal(ExitCodes.Usage, ended.Code);
        Assert.Empty(_api.Calls);
    }

    private static Reply Placed(string status, object? queue = null) =>
        Reply.Ok(new { conversation_id = Account, channel_id = Account, message = new { id = Message, status, reason = status == "failed" ? "the number does not exist" : null, possibly_duplicate = false }, queue });

    private Task<Ended> SendAsync(params string[] options) => _run.RunAsync(["send", "--account", Account, .. options]);
}
