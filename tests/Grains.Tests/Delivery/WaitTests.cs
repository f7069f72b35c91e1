using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Tests.Delivery;

/// <summary>What delivery says of replies that do not leave.</summary>
public sealed class WaitTests
{
    private const int FailuresThatOpenTheCircuit = 5;

    [Fact]
    public async Task A_reply_that_nothing_holds_up_waits_for_nothing()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var (reply, answer) = (stage.Reply("one"), new TaskCompletionSource<SendOutcome>());
        stage.Kind.Answer = () => answer.Task;
        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);
        await stage.ExpectAsync("begin attempt 1", "send one");

        Assert.Null(await stage.WaitOfAsync(reply));
        Assert.Null(await stage.WaitOfAsync(stage.Reply("of which nobody knows")));

        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        await stage.ExpectAsync("settle one Accepted");
    }

    [Fact]
    public async Task A_reply_that_failed_waits_for_its_next_attempt_and_the_ones_behind_it_for_that_one()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var first = stage.Reply("first");
        var (second, elsewhere) = (stage.Reply("second", first.Conversation.Value), stage.Reply("elsewhere"));
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromSeconds(30), "media-failed", "no file") { OfThisMessage = true });
        await stage.Delivery.EnqueueAsync(stage.Tenant, [first, second]);
        await stage.ExpectAsync("begin attempt 1", "send first", "settle first TryLater");

        var retry = await stage.WaitOfAsync(first, ReplyWaitCause.Retry);
        var behind = await stage.WaitOfAsync(second, ReplyWaitCause.BehindEarlier);

        Assert.Equal(ReplyWaitCause.Retry, retry.Cause);
        Assert.InRange(retry.Until!.Value, stage.Clock.GetUtcNow().AddSeconds(30), stage.Clock.GetUtcNow().AddSeconds(38));
        Assert.Equal((ReplyWaitCause.BehindEarlier, first.Id, retry.Until), (behind.Cause, behind.Behind!.Value, behind.Until));
        Assert.Null(await stage.WaitOfAsync(elsewhere));
    }

    [Fact]
    public async Task What_is_tried_a_few_times_only_counts_no_attempts_that_failed_of_something_else()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var reply = stage.Reply("one");
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromSeconds(1), "media-failed", "no file") { OfThisMessage = true, MostAttempts = 3 });
        stage.Table = [new OutboxRow(reply, OutboxState.Queued, 5, stage.Clock.GetUtcNow(), null, PossiblyDuplicate: false) { LastCode = "unreachable" }];
        await stage.Delivery.WakeAsync();
        await stage.ExpectAsync("read", "read unknown", "begin attempt 6", "send one", "settle one TryLater");
        await stage.WaitOfAsync(reply, ReplyWaitCause.Retry);

        stage.Clock.Advance(TimeSpan.FromMinutes(10));

        await stage.ExpectAsync("begin attempt 7", "send one", "settle one Refused");
    }

    [Fact]
    public async Task A_provider_that_wants_less_holds_up_every_reply_until_it_may_be_asked_again()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var (first, elsewhere) = (stage.Reply("first"), stage.Reply("elsewhere"));
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromMinutes(2), "rate-limited", "slower"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [first]);
        await stage.ExpectAsync("begin attempt 1", "send first", "settle first TryLater");
        await stage.WaitOfAsync(first, ReplyWaitCause.RateLimited);
        await stage.Delivery.EnqueueAsync(stage.Tenant, [elsewhere]);

        var wait = await stage.WaitOfAsync(elsewhere, ReplyWaitCause.RateLimited);

        Assert.Equal((ReplyWaitCause.RateLimited, "rate-limited"), (wait.Cause, wait.Code));
        Assert.Equal((stage.Clock.GetUtcNow(), stage.Clock.GetUtcNow().AddMinutes(2)), (wait.Since, wait.Until));
    }

    [Fact]
    public async Task What_a_webhook_said_holds_replies_up_as_well()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Throttle = new AccountThrottle(stage.Clock.GetUtcNow().AddMinutes(3), "spam", null, null);
        await stage.ReadyAsync();
        var reply = stage.Reply("one");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);

        var wait = await stage.WaitOfAsync(reply, ReplyWaitCause.RateLimited);

        Assert.Equal((ReplyWaitCause.RateLimited, stage.Throttle.HeldUntil), (wait.Cause, wait.Until));
    }

    [Fact]
    public async Task An_open_circuit_is_named_since_when_it_is_open_and_by_what_opened_it_also_where_the_replys_own_pause_is_longer()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var replies = Enumerable.Range(1, FailuresThatOpenTheCircuit).Select(n => stage.Reply($"{n}")).ToList();
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromMinutes(10), "unreachable", "refused"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [.. replies]);
        foreach (var reply in replies)
        {
            await stage.ExpectAsync("begin attempt 1", $"send {reply.Text}", $"settle {reply.Text} TryLater");
        }

        var fresh = stage.Reply("fresh");
        var opened = stage.Clock.GetUtcNow();
        var held = await stage.WaitOfAsync(fresh, ReplyWaitCause.CircuitOpen);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        var later = await stage.WaitOfAsync(replies[0], ReplyWaitCause.CircuitOpen);

        Assert.Equal((ReplyWaitCause.CircuitOpen, opened, "unreachable"), (held.Cause, held.Since!.Value, held.Code));
        Assert.InRange(held.Until!.Value, opened.AddSeconds(5), opened.AddSeconds(7));
        Assert.Equal((ReplyWaitCause.CircuitOpen, opened, "unreachable"), (later.Cause, later.Since!.Value, later.Code));
        Assert.InRange(later.Until!.Value, opened.AddMinutes(10), opened.AddMinutes(13));
    }

    [Fact]
    public async Task A_reply_that_is_sent_closes_what_is_known_of_the_circuit()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var replies = Enumerable.Range(1, FailuresThatOpenTheCircuit).Select(n => stage.Reply($"{n}")).ToList();
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromMinutes(10), "unreachable", "refused"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [.. replies]);
        foreach (var reply in replies)
        {
            await stage.ExpectAsync("begin attempt 1", $"send {reply.Text}", $"settle {reply.Text} TryLater");
        }

        await stage.WaitOfAsync(replies[0], ReplyWaitCause.CircuitOpen);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("fresh")]);
        await stage.ExpectAsync("begin attempt 1", "send fresh", "settle fresh Accepted");

        var wait = await stage.WaitOfAsync(replies[0], ReplyWaitCause.Retry);

        Assert.Null(wait.Code);
    }

    [Fact]
    public async Task A_chat_that_rests_says_so_and_until_when()
    {
        await using var stage = await (await DeliveryStage.StartAsync(kind: stage => new DeliveryStage.Paced(stage, new ChannelLimits(1_000, null, 8)))).ReadyAsync();
        var first = stage.Reply("chat");
        var second = stage.Reply("chat", first.Conversation.Value);
        await stage.Delivery.EnqueueAsync(stage.Tenant, [first, second]);
        await stage.ExpectAsync("begin attempt 1", "send chat", "settle chat Accepted");

        var wait = await stage.WaitOfAsync(second, ReplyWaitCause.Paced);

        Assert.Equal(stage.Clock.GetUtcNow().AddMinutes(1), wait.Until);
    }

    [Fact]
    public async Task An_account_that_sends_all_it_may_at_once_and_one_at_its_rate_let_the_next_wait()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 1)).ReadyAsync();
        var answer = new TaskCompletionSource<SendOutcome>();
        stage.Kind.Answer = () => answer.Task;
        var (first, second) = (stage.Reply("first"), stage.Reply("second"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [first, second]);
        await stage.ExpectAsync("begin attempt 1", "send first");

        Assert.Null((await stage.WaitOfAsync(second, ReplyWaitCause.BehindOthers)).Until);

        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        await stage.ExpectAsync("settle first Accepted", "begin attempt 1", "send second", "settle second Accepted");
    }

    [Fact]
    public async Task Asking_takes_no_leave_to_send()
    {
        await using var stage = await (await DeliveryStage.StartAsync(perSecond: 1)).ReadyAsync();
        var first = stage.Reply("first");
        for (var times = 0; times < 5; times++)
        {
            Assert.Null(await stage.WaitOfAsync(first));
        }

        await stage.Delivery.EnqueueAsync(stage.Tenant, [first]);
        await stage.ExpectAsync("begin attempt 1", "send first", "settle first Accepted");
        var second = stage.Reply("second");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [second]);

        Assert.Equal(stage.Clock.GetUtcNow().AddSeconds(1), (await stage.WaitOfAsync(second, ReplyWaitCause.Paced)).Until);
    }

    [Fact]
    public async Task A_circuit_that_somebody_else_closed_is_not_named_once_that_was_heard()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var replies = await OpenCircuitAsync(stage);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        await stage.Connector.ReportSuccessAsync();
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("fresh")]);
        await stage.ExpectAsync("begin attempt 1", "send fresh", "settle fresh TryLater");

        Assert.Null((await stage.WaitOfAsync(replies[0], ReplyWaitCause.Retry)).Code);
    }

    [Fact]
    public async Task A_circuit_is_not_named_to_a_reply_that_waits_for_reasons_of_its_own()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var own = stage.Reply("own");
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromMinutes(10), "media-failed", "no file") { OfThisMessage = true });
        await stage.Delivery.EnqueueAsync(stage.Tenant, [own]);
        await stage.ExpectAsync("begin attempt 1", "send own", "settle own TryLater");
        var replies = await OpenCircuitAsync(stage);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(ReplyWaitCause.CircuitOpen, (await stage.WaitOfAsync(replies[0]))?.Cause);
        Assert.Equal(ReplyWaitCause.Retry, (await stage.WaitOfAsync(own))?.Cause);
    }

    [Fact]
    public async Task An_account_that_may_not_send_any_more_has_nothing_to_tell()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Throttle = new AccountThrottle(stage.Clock.GetUtcNow().AddMinutes(3), "spam", null, null);
        await stage.ReadyAsync();
        var reply = stage.Reply("one");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);
        await stage.WaitOfAsync(reply, ReplyWaitCause.RateLimited);

        stage.Status = AccountStatus.Inactive;
        await stage.Delivery.WakeAsync();

        await stage.UntilNothingIsToldAsync(reply);
    }

    private static async Task<List<QueuedReply>> OpenCircuitAsync(DeliveryStage stage)
    {
        var replies = Enumerable.Range(1, FailuresThatOpenTheCircuit).Select(n => stage.Reply($"{n}")).ToList();
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromMinutes(10), "unreachable", "refused"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [.. replies]);
        foreach (var reply in replies)
        {
            await stage.ExpectAsync("begin attempt 1", $"send {reply.Text}", $"settle {reply.Text} TryLater");
        }

        await stage.WaitOfAsync(replies[0], ReplyWaitCause.CircuitOpen);
        return replies;
    }
}
