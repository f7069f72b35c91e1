using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;

namespace Channels.Grains.Tests.Delivery;

/// <summary>Places that delivery keeps for replies whose turns are about to end.</summary>
public sealed class ReservationTests
{
    [Fact]
    public async Task A_reply_that_has_its_place_is_sent_and_its_attempt_not_recorded_again()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var reply = stage.Reply("one");

        Assert.True(await stage.ReserveAsync(reply));
        await stage.Delivery.SendBegunAsync(reply);

        await stage.ExpectAsync("send one", "settle one Accepted");
    }

    [Fact]
    public async Task A_reply_whose_account_was_switched_off_meanwhile_does_not_leave_and_waits()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var reply = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(reply));
        stage.Status = AccountStatus.Inactive;
        var before = stage.LookUps;

        await stage.Delivery.SendBegunAsync(reply);
        await stage.ExpectAsync("settle one TryLater");

        // By the call, and by the pass that follows what was settled.
        await stage.UntilLookedUpAsync(before + 2);

        stage.Status = AccountStatus.Active;
        stage.Table = [new OutboxRow(reply, OutboxState.Queued, 1, stage.Clock.GetUtcNow(), null, PossiblyDuplicate: false)];
        await stage.Delivery.WakeAsync();
        await stage.ExpectAsync("read", "begin attempt 2", "send one", "settle one Accepted");
    }

    [Fact]
    public async Task A_process_that_stops_keeps_no_places()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        stage.Lifetime.StopApplication();

        Assert.False(await stage.ReserveAsync(stage.Reply("one")));
    }

    [Fact]
    public async Task A_place_that_nobody_takes_up_is_given_up_and_the_table_read()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var reply = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(reply));
        stage.Table = [stage.Begun(reply)];

        stage.Clock.Advance(Reservations.Term);

        await stage.ExpectAsync("read", "begin attempt 2, marked", "send one", "settle one Accepted");
    }

    [Fact]
    public async Task Who_comes_for_a_place_that_was_given_up_sends_nothing_twice()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var (late, next) = (stage.Reply("late"), stage.Reply("next"));
        Assert.True(await stage.ReserveAsync(late));
        stage.Clock.Advance(Reservations.Term);
        await stage.ExpectAsync("read");

        // Committed only now; the row is found in the table, as after a crash, and settled. The second time, there is nothing.
        stage.Table = [stage.Begun(late)];
        await stage.Delivery.SendBegunAsync(late);
        await stage.ExpectAsync("read", "begin attempt 2, marked", "send late", "settle late Accepted");
        await stage.Delivery.SendBegunAsync(late);
        await stage.ExpectAsync("read");

        await stage.Delivery.EnqueueAsync(stage.Tenant, [next]);
        await stage.ExpectAsync("begin attempt 1", "send next", "settle next Accepted");
    }

    [Fact]
    public async Task A_new_activation_that_is_told_of_a_begun_reply_asks_before_it_would_send()
    {
        await using var stage = await DeliveryStage.StartAsync(kind: stage => new DeliveryStage.Answering(stage, new ChannelLimits(1_000, null, 8)));
        var reply = stage.Reply("one");
        stage.Table = [stage.Begun(reply)];

        await stage.Delivery.SendBegunAsync(reply);

        await stage.ExpectAsync("read", "read unknown", "the provider has it", "settle one Accepted");
    }

    [Fact]
    public async Task A_new_activation_keeps_no_places_before_it_has_read_the_table()
    {
        await using var stage = await DeliveryStage.StartAsync();

        Assert.False(await stage.ReserveAsync(stage.Reply("one")));

        await stage.ReadyAsync();
        Assert.True(await stage.ReserveAsync(stage.Reply("two")));
    }

    [Fact]
    public async Task A_conversation_has_one_place_and_none_while_something_of_it_is_under_way()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        var (sent, kept) = (stage.Reply("sent"), stage.Reply("kept"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [sent]);
        await stage.ExpectAsync("begin attempt 1", "send sent");

        Assert.False(await stage.ReserveAsync(stage.Reply("behind sent", sent.Conversation.Value)));
        Assert.True(await stage.ReserveAsync(kept));
        Assert.False(await stage.ReserveAsync(stage.Reply("behind kept", kept.Conversation.Value)));

        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        await stage.ExpectAsync("settle sent Accepted");
    }

    [Fact]
    public async Task While_a_place_is_kept_its_conversation_waits_and_the_others_do_not()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var first = stage.Reply("first");
        var (second, other) = (stage.Reply("second", first.Conversation.Value), stage.Reply("other"));
        Assert.True(await stage.ReserveAsync(first));

        await stage.Delivery.EnqueueAsync(stage.Tenant, [second, other]);
        await stage.ExpectAsync("begin attempt 1", "send other", "settle other Accepted");
        await stage.Delivery.SendBegunAsync(first);

        await stage.ExpectAsync("send first", "settle first Accepted", "begin attempt 1", "send second", "settle second Accepted");
    }

    [Fact]
    public async Task A_row_that_was_read_while_its_place_was_kept_is_sent_as_ours()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var reply = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(reply));
        stage.Table = [stage.Begun(reply)];
        await stage.Delivery.WakeAsync();
        await stage.ExpectAsync("read");

        await stage.Delivery.SendBegunAsync(reply);

        await stage.ExpectAsync("send one", "settle one Accepted");
    }

    [Fact]
    public async Task A_reply_that_comes_without_its_attempt_gives_its_place_back_and_waits_its_turn()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 1)).ReadyAsync();
        var reply = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(reply));

        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);

        await stage.ExpectAsync("begin attempt 1", "send one", "settle one Accepted");
    }

    [Fact]
    public async Task Places_count_among_the_sends_at_once_and_are_free_again_when_given_back()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 1)).ReadyAsync();
        var reply = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(reply));
        Assert.False(await stage.ReserveAsync(stage.Reply("two")));

        await stage.Delivery.AbandonAsync(reply.Id);

        await stage.ExpectAsync("read");
        Assert.True(await stage.ReserveAsync(stage.Reply("three")));
    }

    [Fact]
    public async Task No_place_is_given_before_those_who_wait_for_one()
    {
        await using var stage = await (await DeliveryStage.StartAsync(concurrency: 1)).ReadyAsync();
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("one"), stage.Reply("two")]);
        await stage.ExpectAsync("begin attempt 1", "send one");

        Assert.False(await stage.ReserveAsync(stage.Reply("three")));

        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        await stage.ExpectAsync("settle one Accepted", "begin attempt 1", "send two", "settle two Accepted");
    }

    [Fact]
    public async Task An_account_that_may_not_send_keeps_no_places()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        stage.Status = AccountStatus.Disconnected;

        Assert.False(await stage.ReserveAsync(stage.Reply("one")));
    }

    [Fact]
    public async Task An_account_whose_provider_wants_nothing_keeps_no_places_until_that_is_over()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        stage.Throttle = new AccountThrottle(stage.Clock.GetUtcNow().AddSeconds(30), "too many", null, null);
        Assert.False(await stage.ReserveAsync(stage.Reply("one")));

        stage.Clock.Advance(TimeSpan.FromSeconds(31));

        Assert.True(await stage.ReserveAsync(stage.Reply("two")));
    }

    [Fact]
    public async Task A_place_takes_its_leave_from_the_accounts_pace()
    {
        await using var stage = await (await DeliveryStage.StartAsync(perSecond: 1)).ReadyAsync();
        Assert.True(await stage.ReserveAsync(stage.Reply("one")));
        Assert.False(await stage.ReserveAsync(stage.Reply("two")));

        stage.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await stage.ReserveAsync(stage.Reply("three")));
    }

    [Fact]
    public async Task A_place_takes_its_leave_from_the_chats_pace()
    {
        await using var stage = await (await DeliveryStage.StartAsync(kind: stage => new DeliveryStage.Paced(stage, new ChannelLimits(1_000, null, 8)))).ReadyAsync();
        var first = stage.Reply("one");
        Assert.True(await stage.ReserveAsync(first));
        await stage.Delivery.SendBegunAsync(first);
        await stage.ExpectAsync("send one", "settle one Accepted");

        Assert.False(await stage.ReserveAsync(stage.Reply("one")));
        Assert.True(await stage.ReserveAsync(stage.Reply("two")));
    }
}
