using System.Collections.Immutable;
using System.Text.Json;
using Channels.Api.Messages;
using Channels.Api.Tests.Host;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Testing;

namespace Channels.Api.Tests.Messages;

/// <summary>A message of ours that does not leave says why, since when, until when, and which button to press.</summary>
public sealed class WaitTests(ApiHost host) : IClassFixture<ApiHost>, IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly MessageId Reply = new(new IdSource(new ManualClock(Now.AddMinutes(-1))).Next());
    private static readonly MessageId Earlier = new(new IdSource(new ManualClock(Now.AddMinutes(-2))).Next());

    public void Dispose() => host.Grains.Waits = null;

    [Theory]
    [InlineData(ReplyWaitCause.CircuitOpen, "unreachable: refused", "circuit_open", "test-connection", false)]
    [InlineData(ReplyWaitCause.RateLimited, "rate-limited: slower", "rate_limited", "Nothing", false)]
    [InlineData(ReplyWaitCause.Retry, "unavailable: the gateway is not available", "retry", "2026-01-02 11:59", false)]
    [InlineData(ReplyWaitCause.Retry, "rate-limited: slower", "rate_limited", "Nothing", false)]
    [InlineData(ReplyWaitCause.Retry, "recipient-rate-limited: slower", "rate_limited", "Nothing", false)]
    [InlineData(ReplyWaitCause.StoreUnavailable, null, "store_unavailable", "operator", false)]
    [InlineData(ReplyWaitCause.Paced, null, "paced", "Nothing", true)]
    [InlineData(ReplyWaitCause.BehindOthers, null, "behind_others", "Nothing", true)]
    [InlineData((ReplyWaitCause)99, null, "unknown", "Ask again", true)]
    public void Every_cause_has_its_word_and_its_button(ReplyWaitCause cause, string? lastError, string reason, string nextStep, bool ordinary)
    {
        var told = WaitingAnswer.Of(Queued(lastError), Channel(), Live(new(Reply, cause, Now.AddSeconds(-30), Now.AddSeconds(30), null, null)), Now)!;

        Assert.Equal((reason, Now.AddSeconds(30), ordinary), (told.Reason, told.Until, told.IsOrdinary));
        Assert.InRange(told.Since, Now.AddMinutes(-1), Now.AddSeconds(-10));
        Assert.Contains(nextStep, told.NextStep, StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(told.What));
    }

    [Fact]
    public void A_reply_behind_another_names_it_and_is_trouble_only_when_that_one_is()
    {
        var ordinary = WaitingAnswer.Of(Queued(null), Channel(), Live(new(Reply, ReplyWaitCause.BehindEarlier, null, null, null, Earlier)), Now)!;
        var trouble = WaitingAnswer.Of(Queued(null), Channel(), Live(new(Reply, ReplyWaitCause.BehindEarlier, null, Now.AddMinutes(1), null, Earlier)), Now)!;

        Assert.Equal(("behind_earlier", Earlier.Value, true), (ordinary.Reason, ordinary.Behind, ordinary.IsOrdinary));
        Assert.Contains($"/api/v1/messages/{Earlier.Value}/timeline", ordinary.NextStep, StringComparison.Ordinal);
        Assert.Equal((Now.AddMinutes(1), false), (trouble.Until, trouble.IsOrdinary));
    }

    [Fact]
    public void What_stands_in_the_tables_is_told_also_when_nobody_answers()
    {
        var retry = WaitingAnswer.Of(Queued("unavailable: down"), Channel(), LiveWaits.Unanswered, Now)!;
        var held = WaitingAnswer.Of(Queued(null), Channel() with { Throttle = new(Now.AddMinutes(3), "spam", null, null) }, LiveWaits.Unanswered, Now)!;
        var unknown = WaitingAnswer.Of(Queued(null), Channel(), LiveWaits.Unanswered, Now)!;

        Assert.Equal(("retry", "unavailable: down", Now.AddSeconds(20)), (retry.Reason, retry.What, retry.Until));
        Assert.Equal(("rate_limited", Now.AddMinutes(3)), (held.Reason, held.Until));
        Assert.Equal(("unknown", true), (unknown.Reason, unknown.IsOrdinary));
    }

    [Fact]
    public void One_that_a_person_had_sent_once_more_waits_and_is_tried_from_then_on()
    {
        var again = Queued("unavailable: down") with { QueuedAt = Now.AddDays(9) };

        var untried = WaitingAnswer.Of(again, Channel(), LiveWaits.Unanswered, Now)!;
        var tried = WaitingAnswer.Of(again with { LastAttemptAt = Now.AddDays(9).AddHours(1) }, Channel(), LiveWaits.Unanswered, Now)!;

        Assert.Equal((Now.AddDays(9), Now.AddDays(9).AddHours(1)), (untried.Since, tried.Since));
        Assert.Contains("until 2026-01-11 12:00:00Z", tried.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_being_sent_and_what_leaves_now_wait_for_nothing()
    {
        Assert.Null(WaitingAnswer.Of(Queued(null), Channel(), LiveWaits.None, Now));
        Assert.Null(WaitingAnswer.Of(Queued(null) with { State = OutboxState.Sending }, Channel(), LiveWaits.Unanswered, Now));
    }

    [PostgresFact]
    public async Task A_message_its_timeline_and_its_conversation_say_it_and_delivery_is_asked_once_for_each()
    {
        var (tenant, _, conversation, messages) = await WaitingAsync(3);
        var asked = new List<int>();
        host.Grains.Waits = (_, replies) =>
        {
            asked.Add(replies.Length);
            return Task.FromResult(replies.Select(reply => new ReplyWait(reply, ReplyWaitCause.CircuitOpen, Now, Now.AddMinutes(1), "unreachable", null)).ToImmutableArray());
        };

        var one = (await GetAsync(tenant, $"/api/v1/messages/{messages[1]}")).GetProperty("message").GetProperty("waiting");
        var timeline = await GetAsync(tenant, $"/api/v1/messages/{messages[1]}/timeline");
        var list = (await GetAsync(tenant, $"/api/v1/conversations/{conversation}/messages")).GetProperty("messages").EnumerateArray().ToList();

        Assert.Equal([1, 1, 3], asked);
        Assert.Equal(("circuit_open", Now, Now.AddMinutes(1)), (one.GetProperty("reason").GetString(), one.GetProperty("since").GetDateTimeOffset(), one.GetProperty("until").GetDateTimeOffset()));
        Assert.Contains("test-connection", one.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        Assert.Equal("circuit_open", timeline.GetProperty("steps").EnumerateArray().Last().GetProperty("waiting").GetProperty("reason").GetString());
        Assert.Equal("attention", timeline.GetProperty("state").GetString());
        Assert.Equal([false, true, true, true], list.Select(message => message.TryGetProperty("waiting", out _)));
    }

    [PostgresFact]
    public async Task A_channel_that_is_switched_off_names_the_button_and_nobody_is_asked()
    {
        var (tenant, channel, conversation, messages) = await WaitingAsync(2);
        await (await tenant.Http.PostAsync($"/api/v1/channels/{channel}/deactivate", null)).JsonAsync();
        host.Grains.Waits = (_, _) => throw new InvalidOperationException("asked");

        var one = (await GetAsync(tenant, $"/api/v1/messages/{messages[0]}")).GetProperty("message").GetProperty("waiting");
        var list = (await GetAsync(tenant, $"/api/v1/conversations/{conversation}/messages")).GetProperty("messages").EnumerateArray().Last().GetProperty("waiting");

        foreach (var waiting in (JsonElement[])[one, list])
        {
            Assert.Equal("channel_not_active", waiting.GetProperty("reason").GetString());
            Assert.Contains($"POST /api/v1/channels/{channel}/activate", waiting.GetProperty("next_step").GetString(), StringComparison.Ordinal);
        }
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_sends_may_be_away_or_hang_and_the_message_is_shown_all_the_same(bool hangs)
    {
        var (tenant, _, conversation, messages) = await WaitingAsync(1);
        host.Grains.Waits = (_, _) => hangs ? new TaskCompletionSource<ImmutableArray<ReplyWait>>().Task : throw new TimeoutException();

        var one = (await GetAsync(tenant, $"/api/v1/messages/{messages[0]}")).GetProperty("message");
        var list = (await GetAsync(tenant, $"/api/v1/conversations/{conversation}/messages")).GetProperty("messages").EnumerateArray().Last();
        var timeline = await GetAsync(tenant, $"/api/v1/messages/{messages[0]}/timeline");

        Assert.Equal(("queued", "unknown"), (one.GetProperty("status").GetString(), one.GetProperty("waiting").GetProperty("reason").GetString()));
        Assert.Equal("unknown", list.GetProperty("waiting").GetProperty("reason").GetString());
        Assert.Equal("in_progress", timeline.GetProperty("state").GetString());
    }

    /// <summary>What delivery would say.</summary>
    internal static LiveWaits Live(ReplyWait wait) => LiveWaits.None with { Waits = LiveWaits.None.Waits.Add(wait.Reply, wait) };

    private static WaitingReply Queued(string? lastError) =>
        new(Reply, OutboxState.Queued, lastError is null ? null : Now.AddSeconds(-10), Now.AddSeconds(20), lastError, null, null);

    private static ChannelDetails Channel() => new(
        new(Reply.Value), new(Reply.Value), "simulator", "a", "a", "active", null, null, null, Now, null, null, default, false, default, ChannelPolicy.Default, null, Now, Now);

    private static async Task<JsonElement> GetAsync(TenantUnderTest tenant, string path) => await (await tenant.Http.GetAsync(path)).JsonAsync();

    private async Task<(TenantUnderTest Tenant, Guid Channel, Guid Conversation, List<Guid> Messages)> WaitingAsync(int messages)
    {
        var tenant = await host.TenantAsync();
        var channel = await tenant.CreateSimulatorAsync();
        await (await tenant.Http.PostAsync($"/api/v1/channels/{channel}/activate", null)).JsonAsync();
        var conversation = await Seed.ConversationAsync(host, tenant.Id, channel);
        await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hola");
        var queued = new List<Guid>();
        for (var n = 0; n < messages; n++)
        {
            queued.Add(await Seed.MessageAsync(host, tenant.Id, channel, conversation, "hello", outbound: true, status: "queued"));
            await Seed.RunAsync(
                host.Db, "insert into outbox (tenant_id, account_id, message_id, conversation_id, state, attempts, next_attempt_at) values ($1, $2, $3, $4, 0, 0, now())",
                tenant.Id.Value, channel, queued[^1], conversation);
        }

        return (tenant, channel, conversation, queued);
    }
}
