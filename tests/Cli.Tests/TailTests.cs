using System.Globalization;
using Channels.Cli.Tests.Host;

namespace Channels.Cli.Tests;

public sealed class TailTests : IAsyncLifetime
{
    private const string Path = "GET /api/v1/events";
    private const string Account = "0199a1b2-0000-7000-8000-000000000001";
    private const string Another = "0199a1b2-0000-7000-8000-000000000002";

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
    public async Task What_is_kept_is_printed_page_by_page_each_behind_the_cursor_of_the_last()
    {
        _api.On(Path, Page("c2", more: true, Happened(1), Happened(2)), Page("c3", more: false, Happened(3)));

        var ended = await _run.RunAsync("tail", "--once", "--since", "c0");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(3, Lines(ended).Length);
        Assert.StartsWith($"2026-01-01 10:00:01Z message.received channel={Account} message=0199a1b2-0000-7000-8000-000000000101", Lines(ended)[0], StringComparison.Ordinal);
        Assert.Equal(["?limit=1000&after=c0", "?limit=1000&after=c2"], Asked());
    }

    [Fact]
    public async Task Only_what_was_asked_for_is_printed()
    {
        _api.On(Path, Page("c4", more: false, Happened(1), Happened(2, "delivery.updated"), Happened(3, "message.failed", Another), Happened(4, "message.sent")));

        var ended = await _run.RunAsync("tail", "--once", "--json", "--account", Account, "--types", "message.*,other");

        Assert.Equal(["message.received", "message.sent"], Lines(ended).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("type").GetString()));
    }

    [Fact]
    public async Task Without_a_cursor_it_begins_with_what_happens_next()
    {
        _api.On(Path, Page("c2", more: false), Page("c3", more: false, Happened(3)));

        var ended = await FollowAsync(lines: 1);

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains("10:00:03Z", Lines(ended)[0], StringComparison.Ordinal);
        Assert.Equal(["?limit=1000&after=now", "?limit=1000&after=c2"], Asked().Take(2));
    }

    [Theory]
    [InlineData("?limit=1000", "--since", "beginning")]
    [InlineData("?limit=1000", "--once")]
    [InlineData("?limit=1000&after=now", "--since", "now", "--once")]
    [InlineData("?limit=1000&after=c7", "--since", "c7")]
    public async Task Where_it_begins_can_be_said(string asked, params string[] options)
    {
        _api.On(Path, Page("c8", more: false));

        await _run.RunAsync(["tail", "--once", .. options.Except(["--once"])]);

        Assert.Equal(asked, Asked().First());
    }

    [Fact]
    public async Task A_broken_connection_is_mended_from_the_last_cursor_and_Ctrl_C_is_a_good_end()
    {
        _api.On(
            Path, Page("c1", more: false, Happened(1)), Reply.Broken, Reply.Problem(503, "store_unavailable", "The store does not answer; nothing was done"), new Reply(502, "<html>bad gateway</html>", "text/html"),
            Page("c2", more: false, Happened(2)));

        var ended = await FollowAsync(lines: 2, "--since", "beginning");

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Contains("10:00:01Z", Lines(ended)[0], StringComparison.Ordinal);
        Assert.Contains("10:00:02Z", Lines(ended)[1], StringComparison.Ordinal);
        Assert.Equal(["?limit=1000", "?limit=1000&after=c1", "?limit=1000&after=c1", "?limit=1000&after=c1", "?limit=1000&after=c1"], Asked().Take(5));
        Assert.Contains("Connected again; nothing was skipped.", ended.Error, StringComparison.Ordinal);
        Assert.Contains("--since c2", ended.Error, StringComparison.Ordinal);
        Assert.Equal([1, 1, 2, 4], _run.Clock.Pauses.Take(4).Select(pause => pause.TotalSeconds));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_that_are_gone_are_said_and_it_goes_on_with_what_is_kept(bool json)
    {
        _api.On(Path, Missed(), Page("c9", more: false, Happened(9)));

        var ended = await _run.RunAsync(["tail", "--once", "--since", "c1", .. json ? ["--json"] : Array.Empty<string>()]);

        Assert.Equal(ExitCodes.Fine, ended.Code);
        Assert.Equal(["?limit=1000&after=c1", "?limit=1000&after=c1-7"], Asked());
        Assert.Contains("Events that this cursor has not seen are gone. Going on with what is kept.", ended.Error, StringComparison.Ordinal);
        Assert.Contains("after: has not seen events up to yesterday.", ended.Error, StringComparison.Ordinal);
        Assert.Contains("10:00:09Z", Lines(ended)[^1], StringComparison.Ordinal);
        Assert.Equal(json ? ["""{"missed":{"title":"Events that this cursor has not seen are gone","code":"events_gone","status":410,"errors":[{"field":"after","message":"has not seen events up to yesterday."}],"cursor":"c1-7"}}"""] : [], Lines(ended)[..^1]);
    }

    [Fact]
    public async Task Events_that_went_while_the_connection_was_broken_are_not_said_to_be_none()
    {
        _api.On(Path, Page("c1", more: false, Happened(1)), Reply.Broken, Missed(), Page("c9", more: false, Happened(9)));

        var ended = await FollowAsync(lines: 2, "--since", "beginning");

        Assert.Equal(["?limit=1000", "?limit=1000&after=c1", "?limit=1000&after=c1", "?limit=1000&after=c1-7"], Asked().Take(4));
        Assert.Contains("are gone", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing was skipped", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_server_that_gives_no_cursor_to_go_on_with_it_reads_what_is_kept_from_the_beginning()
    {
        _api.On(Path, Missed(cursor: null), Page("c9", more: false, Happened(9)));

        await _run.RunAsync("tail", "--once", "--since", "c1");

        Assert.Equal(["?limit=1000&after=c1", "?limit=1000"], Asked());
    }

    [Fact]
    public async Task A_server_that_gives_back_the_cursor_it_refused_is_not_asked_for_ever()
    {
        _api.On(Path, Missed(cursor: "c1"), Missed(cursor: "c1"), Page("c9", more: false));

        var ended = await _run.RunAsync("tail", "--once", "--since", "c1");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Single(Asked());
    }

    [Fact]
    public async Task A_cursor_that_is_none_ends_it_with_1()
    {
        _api.On(Path, Reply.Problem(400, "invalid_parameter", "A parameter of the query or a header is not valid", errors: new { field = "after", message = "must be the cursor of an earlier answer, or now." }));

        var ended = await _run.RunAsync("tail", "--since", "nonsense");

        Assert.Equal(ExitCodes.Wrong, ended.Code);
        Assert.Contains("after: must be the cursor of an earlier answer, or now.", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_ever_answered_it_does_not_wait()
    {
        await _api.DisposeAsync();

        var ended = await _run.RunAsync("tail");

        Assert.Equal(ExitCodes.Unreachable, ended.Code);
        Assert.Empty(_run.Clock.Pauses);
    }

    private static Reply Missed(string? cursor = "c1-7") => Reply.Problem(
        410, "events_gone", "Events that this cursor has not seen are gone", cursor: cursor, errors: new { field = "after", message = "has not seen events up to yesterday." });

    private static Reply Page(string cursor, bool more, params object[] events) => Reply.Ok(new { events, cursor, more });

    private static object Happened(int number, string type = "message.received", string account = Account) => new
    {
        cursor = $"c{number}",
        id = string.Create(CultureInfo.InvariantCulture, $"0199a1b2-0000-7000-8000-{number:D12}"),
        type,
        channel_id = account,
        message_id = string.Create(CultureInfo.InvariantCulture, $"0199a1b2-0000-7000-8000-{100 + number:D12}"),
        created_at = string.Create(CultureInfo.InvariantCulture, $"2026-01-01T10:00:{number:D2}Z"),
    };

    private static string[] Lines(Ended ended) => ended.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private IEnumerable<string> Asked() => _api.CallsOf(Path).Select(call => call.Query);

    // Ends it, as Ctrl-C does, once so many lines were printed.
    private async Task<Ended> FollowAsync(int lines, params string[] options)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var output = new CountingWriter(lines, stop.Cancel);
        return await _run.RunAsync(["tail", .. options], output, stop.Token);
    }
}
