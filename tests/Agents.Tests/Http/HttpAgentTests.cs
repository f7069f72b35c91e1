using System.Text.Json;
using Channels.Agents.Tests.Knowledge;
using Channels.Core.Agents;
using Channels.Core.Conversations;
using Channels.Core.Egress;
using Channels.Core.Knowledge;
using Channels.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Channels.Agents.Tests.Http;

public sealed class HttpAgentTests : IAsyncLifetime
{
    private const string Secret = "the-agents-own-secret";
    private readonly ManualClock _clock = new();
    private readonly LogCollector _logs = new();
    private Func<HttpContext, Task> _answer = context => context.Response.WriteAsync("""{"reply":"hello"}""");
    private WebApplication _server = null!;
    private string? _asked;
    private string? _authorization;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(async context =>
        {
            _asked = await new StreamReader(context.Request.Body).ReadToEndAsync();
            _authorization = context.Request.Headers.Authorization;
            await _answer(context);
        });
        await _server.StartAsync();
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_turn_is_asked_in_snake_case_and_the_reply_comes_back()
    {
        var turn = AgentTests.Turn("hola") with
        {
            Context = "be kind",
            History = [new AgentMessage("agent", "message.text", "before", DateTimeOffset.UnixEpoch, null, """{"media":{"mime":"x"}}""")],
        };

        var outcome = await AskAsync(turn);

        Assert.Equal(new AgentOutcome.Reply("hello"), outcome);
        Assert.Equal($"Bearer {Secret}", _authorization);
        var asked = JsonElement.Parse(_asked!);
        Assert.Equal(turn.TurnId, asked.GetProperty("turn_id").GetGuid());
        Assert.Equal(turn.Conversation.Value, asked.GetProperty("conversation_id").GetGuid());
        Assert.Equal("hola", asked.GetProperty("message").GetProperty("text").GetString());
        Assert.Equal("agent", asked.GetProperty("history")[0].GetProperty("role").GetString());
        Assert.Equal("be kind", asked.GetProperty("context").GetString());
    }

    [Theory]
    [InlineData("""{"media":{"mime":"image/jpeg"},"media_id":"sha256-1"}""", false, "stored", null)]
    [InlineData("""{"media":{"mime":"image/jpeg"},"media_missing":"expired"}""", false, "missing", "expired")]
    [InlineData("""{"media":{"mime":"image/jpeg"}}""", true, "pending", "busy")]
    [InlineData("""{"media":{"mime":"image/jpeg"}}""", false, null, null)]
    [InlineData(null, false, null, null)]
    public async Task It_hears_where_a_messages_file_is(string? details, bool isPending, string? status, string? reason)
    {
        var turn = AgentTests.Turn("look");
        var file = AgentFile.Of(details, isPending ? new PendingFile(null, "busy") : null);

        await AskAsync(turn with { Message = turn.Message with { MediaJson = details, File = file } });

        var message = JsonElement.Parse(_asked!).GetProperty("message");
        Assert.Equal((status, reason), (Text(message, "media_status"), Text(message, "media_reason")));
        Assert.Equal(details is not null, message.TryGetProperty("media", out _));
    }

    private static string? Text(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? value.GetString() : null;

    [Theory]
    [InlineData("""{"reply":null}""")]
    [InlineData("""{"reply":""}""")]
    [InlineData("""{"reply":"  "}""")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task An_agent_may_choose_to_keep_silent(string answer)
    {
        _answer = context => context.Response.WriteAsync(answer);

        Assert.IsType<AgentOutcome.Silent>(await AskAsync());
    }

    [Theory]
    [InlineData("not json", "agent-answer-invalid")]
    [InlineData("[]", "agent-answer-invalid")]
    [InlineData("""{"reply":5}""", "agent-answer-invalid")]
    [InlineData("""{"text":"hola"}""", "agent-answer-invalid")]
    [InlineData("""{"Reply":"hola"}""", "agent-answer-invalid")]
    [InlineData("""{"reply":"a"} more""", "agent-answer-invalid")]
    [InlineData("""{"reply":"a","hand_over":"yes"}""", "agent-answer-invalid")]
    [InlineData("""{"reply":"a","options":"b"}""", "agent-answer-invalid")]
    [InlineData("""{"reply":"a","options":["b",5]}""", "agent-answer-invalid")]
    [InlineData("""{"reply":"a","options":["b","B"]}""", "agent-answer-invalid")]
    public async Task An_answer_of_another_form_is_a_failure(string answer, string code)
    {
        _answer = context => context.Response.WriteAsync(answer);

        Assert.Equal(code, Assert.IsType<AgentOutcome.Failed>(await AskAsync()).Code);
    }

    [Theory]
    [InlineData("gzip", """{"reply":"not packed at all"}""")]
    [InlineData("br", "\v")]
    public async Task An_answer_that_is_not_packed_as_it_says_is_a_failure_of_the_service(string encoding, string body)
    {
        _answer = context =>
        {
            context.Response.Headers.ContentEncoding = encoding;
            return context.Response.WriteAsync(body);
        };

        Assert.Equal("agent-answer-invalid", Assert.IsType<AgentOutcome.Failed>(await AskAsync()).Code);
    }

    [Fact]
    public async Task Half_an_emoji_where_a_text_was_cut_spoils_nothing_but_itself()
    {
        _answer = context => context.Response.WriteAsync("""{"reply":"so long \ud83d","options":["a \ud83d\ude00","b \ude00"]}""");

        Assert.Equal(new AgentOutcome.Reply("so long \ufffd") { Options = ["a \ud83d\ude00", "b \ufffd"] }, await AskAsync());
    }

    [Fact]
    public async Task Letters_of_another_encoding_are_a_failure()
    {
        _answer = context => context.Response.Body.WriteAsync(System.Text.Encoding.Latin1.GetBytes("""{"reply":"café"}""")).AsTask();

        Assert.Equal("agent-answer-invalid", Assert.IsType<AgentOutcome.Failed>(await AskAsync()).Code);
    }

    [Fact]
    public async Task A_mark_of_UTF_8_before_the_answer_is_no_part_of_it()
    {
        _answer = context => context.Response.Body.WriteAsync((byte[])[0xEF, 0xBB, 0xBF, .. """{"reply":"hola"}"""u8]).AsTask();

        Assert.Equal(new AgentOutcome.Reply("hola"), await AskAsync());
    }

    [Fact]
    public async Task It_may_offer_choices()
    {
        _answer = context => context.Response.WriteAsync("""{"reply":"Which?","options":["Red","Blue"],"hand_over":null}""");

        Assert.Equal(new AgentOutcome.Reply("Which?") { Options = ["Red", "Blue"] }, await AskAsync());
    }

    [Theory]
    [InlineData("""{"reply":"One moment","hand_over":true}""", "One moment")]
    [InlineData("""{"hand_over":true}""", null)]
    public async Task It_may_ask_for_a_person(string answer, string? text)
    {
        _answer = context => context.Response.WriteAsync(answer);

        Assert.Equal(new AgentOutcome.HandOver(text, "the agent asked for a person"), await AskAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"reply":"not read"}""")]
    public async Task It_may_answer_later(string body)
    {
        _answer = context =>
        {
            context.Response.StatusCode = 202;
            return context.Response.WriteAsync(body);
        };

        Assert.IsType<AgentOutcome.Later>(await AskAsync());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task A_status_that_is_no_success_is_a_failure(int status)
    {
        _answer = context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            return Task.CompletedTask;
        };

        Assert.Equal("agent-status", Assert.IsType<AgentOutcome.Failed>(await AskAsync()).Code);
    }

    [Theory]
    [InlineData((64 << 10) + 1)]
    [InlineData(2 << 20)]
    public async Task A_reply_that_is_too_long_is_a_failure(int length)
    {
        _answer = context => context.Response.WriteAsync($$"""{"reply":"{{new string('x', length)}}"}""");

        Assert.Equal("agent-reply-too-long", Assert.IsType<AgentOutcome.Failed>(await AskAsync()).Code);
    }

    [Fact]
    public async Task An_agent_that_hangs_is_given_up_on()
    {
        var arrived = new TaskCompletionSource();
        _answer = async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };

        var asking = AskAsync();
        await arrived.Task;
        _clock.Advance(TimeSpan.FromSeconds(25));

        Assert.Equal("agent-timeout", Assert.IsType<AgentOutcome.Failed>(await asking).Code);
    }

    [Fact]
    public async Task An_agent_nobody_may_reach_or_that_is_not_there_is_a_failure_without_details()
    {
        var refused = Assert.IsType<AgentOutcome.Failed>(await AskAsync(rules: new EgressRules([])));
        await _server.StopAsync();
        var gone = Assert.IsType<AgentOutcome.Failed>(await AskAsync());

        Assert.Equal("agent-address-not-allowed", refused.Code);
        Assert.Equal("agent-unreachable", gone.Code);
        Assert.DoesNotContain("127.0.0.1", refused.Reason + gone.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_secrets_nor_words_reach_the_log()
    {
        _answer = context => context.Response.WriteAsync("words of the agent, no json");
        await AskAsync(AgentTests.Turn("words of a person"));
        await AskAsync(AgentTests.Turn("words of a person"), new EgressRules([]));

        _logs.AssertAbsent(Secret, "words of a person", "words of the agent");
    }

    [Theory]
    [InlineData("""{"kind":"http"}""", "url")]
    [InlineData("""{"kind":"http","url":"ftp://x"}""", "url")]
    [InlineData("""{"kind":"http","url":"http://user:pass@x"}""", "url")]
    [InlineData("""{"kind":"http","url":"http://x","secret":"a b"}""", "secret")]
    [InlineData("""{"kind":"http","url":"http://x","accepts_media":"yes"}""", "accepts_media")]
    [InlineData("""{"kind":"http","url":"http://x","history":-1}""", "history")]
    [InlineData("""{"kind":"http","url":"http://x","history":1.5}""", "history")]
    [InlineData("""{"kind":"http","url":"http://x","reply_within_seconds":0}""", "reply_within_seconds")]
    [InlineData("""{"kind":"http","url":"http://x","reply_within_seconds":86401}""", "reply_within_seconds")]
    [InlineData("""{"kind":"http","url":"http://x","timeout":5}""", "timeout")]
    public void A_setting_that_is_wrong_is_named(string settings, string field) =>
        Assert.Equal(field, Assert.Single(Agent().Check(new("http", JsonElement.Parse(settings)))).Field);

    [Fact]
    public void Settings_have_their_defaults()
    {
        var settings = new AgentSettings("http", JsonElement.Parse("""{"kind":"http","url":"http://x"}"""));

        Assert.Empty(Agent().Check(settings));
        Assert.False(Agent().AcceptsMedia(settings));
        Assert.Equal(10, Agent().HistoryLength(settings));
        Assert.Equal(TimeSpan.FromMinutes(5), Assert.IsAssignableFrom<IAnswersLater>(Agent()).ReplyWithin(settings));
    }

    private Task<AgentOutcome> AskAsync(AgentTurn? turn = null, EgressRules? rules = null)
    {
        var settings = JsonSerializer.SerializeToElement(new { kind = "http", url = _server.Urls.First() + "/turn", secret = Secret });
        return Agent(rules).AnswerAsync(turn ?? AgentTests.Turn("hola"), new("http", settings), default);
    }

    private IAgent Agent(EgressRules? rules = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddSingleton(rules ?? new EgressRules(EgressRules.Loopback));
        services.AddLogging(logging => logging.AddProvider(_logs).SetMinimumLevel(LogLevel.Trace));
        services.AddSingleton<IKnowledge, NoKnowledge>();
        services.AddAgents();
        return services.BuildServiceProvider().GetRequiredService<IAgentCatalog>().Find("http")!;
    }
}
