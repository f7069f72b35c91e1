using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Tests.Delivery;

/// <summary>What a delivery does that is told that another has gone on with its replies.</summary>
public sealed class OutdatedTests
{
    [Fact]
    public async Task A_reply_that_another_has_begun_meanwhile_is_not_sent()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        stage.Start = default;

        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("one")]);

        await stage.ExpectAsync("begin attempt 1");
    }

    [Fact]
    public async Task A_reply_whose_outcome_is_out_of_date_is_left_to_whoever_began_it_anew()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromSeconds(5), "media-failed", "no file") { OfThisMessage = true });
        stage.SettlementsCount = false;
        var outdated = stage.Reply("outdated");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [outdated]);
        await stage.ExpectAsync("begin attempt 1", "send outdated", "settle outdated TryLater");
        await stage.UntilNothingIsToldAsync(outdated);

        // It is not tried again by us, nor is its conversation held up.
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("next", outdated.Conversation.Value)]);
        await stage.ExpectAsync("begin attempt 1", "send next", "settle next Accepted");
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_reply_that_was_being_read_when_its_chat_moved_goes_to_where_that_is_by_then()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var reply = stage.Reply("hello");
        OutboxRow Row(string chat) => new(reply with { ChatId = chat }, OutboxState.Queued, 0, stage.Clock.GetUtcNow(), null, PossiblyDuplicate: false);
        var (read, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        stage.Table = [Row("chat-hello")];
        stage.Loaded = () => read.TrySetResult() ? goOn.Task : Task.CompletedTask;
        await stage.Delivery.WakeAsync();
        await read.Task;

        stage.Table = [Row("chat-elsewhere")];
        await stage.Delivery.WakeAsync();
        goOn.SetResult();

        await stage.SentAsync(1);
        Assert.Equal(["chat-elsewhere"], stage.Kind.Chats);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reply_that_waits_for_its_next_try_goes_to_where_its_chat_is_by_then(bool isUnderWay)
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource<SendOutcome>());
        var later = new SendOutcome.TryLater(TimeSpan.FromSeconds(30), "recipient-rate-limited", "less") { OfThisMessage = true };
        stage.Kind.Answer = () =>
        {
            asked.SetResult();
            return answer.Task;
        };
        var reply = stage.Reply("hello");
        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);
        await asked.Task;
        if (!isUnderWay)
        {
            answer.SetResult(later);
            await stage.WaitOfAsync(reply, ReplyWaitCause.Retry);
        }

        // The chat moves.
        void Keep() => stage.Table = [new(reply with { ChatId = "chat-elsewhere" }, OutboxState.Queued, 1, stage.Clock.GetUtcNow().AddSeconds(30), null, PossiblyDuplicate: false)];
        Keep();
        stage.Settled = Keep;
        await stage.Delivery.WakeAsync();
        answer.TrySetResult(later);
        await stage.WaitOfAsync(reply, ReplyWaitCause.Retry);
        stage.Settled = () => { };
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        stage.Clock.Advance(TimeSpan.FromMinutes(1));

        await stage.SentAsync(2);
        Assert.Equal(["chat-hello", "chat-elsewhere"], stage.Kind.Chats);
    }
}
