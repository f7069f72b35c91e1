using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Grains.Delivery;
using Channels.Testing;

namespace Channels.Grains.Tests.Delivery;

/// <summary>Replies that waited too long for their channel.</summary>
public sealed class ReplyAgeTests
{
    private static readonly ChannelPolicy AnHour = ChannelPolicy.Default with { ReplyMaxAge = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_reply_that_waited_too_long_for_its_channel_fails_untried_and_the_next_one_leaves()
    {
        await using var stage = await DeliveryStage.StartAsync(perSecond: 1);
        stage.Policy = AnHour;
        var old = stage.Reply("old");
        stage.Clock.Advance(TimeSpan.FromDays(5));
        var next = stage.Reply("next", old.Conversation.Value);
        stage.Table = [Row(old), Row(next)];

        await stage.ReadyAsync();

        await stage.ExpectAsync("settle old Refused after attempt 0", "begin attempt 1", "send next", "settle next Accepted");
    }

    [Fact]
    public async Task Without_the_setting_it_leaves_however_late()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var old = stage.Reply("old");
        stage.Clock.Advance(TimeSpan.FromDays(5));
        stage.Table = [Row(old)];

        await stage.ReadyAsync();

        await stage.ExpectAsync("begin attempt 1", "send old", "settle old Accepted");
    }

    [Fact]
    public async Task What_was_tried_and_did_not_leave_is_too_old_like_any_other()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Policy = AnHour;
        var tried = stage.Reply("tried");
        stage.Clock.Advance(TimeSpan.FromHours(5));
        stage.Table = [Row(tried) with { Attempts = 1, NextAttemptAt = stage.Clock.GetUtcNow() - TimeSpan.FromHours(4) }];

        await stage.ReadyAsync();

        await stage.ExpectAsync("settle tried Refused after attempt 1");
    }

    [Fact]
    public async Task What_may_have_left_and_what_somebody_had_sent_once_more_is_not_too_old()
    {
        await using var stage = await DeliveryStage.StartAsync(concurrency: 1);
        stage.Policy = AnHour;
        var (marked, redriven) = (stage.Reply("marked"), stage.Reply("redriven"));
        stage.Clock.Advance(TimeSpan.FromHours(5));
        stage.Table = [Row(marked) with { Attempts = 1, PossiblyDuplicate = true }, Row(redriven) with { QueuedAt = stage.Clock.GetUtcNow() }];

        await stage.ReadyAsync();

        await stage.ExpectAsync("begin attempt 2, marked", "send marked", "settle marked Accepted", "begin attempt 1", "send redriven", "settle redriven Accepted");
    }

    [Fact]
    public async Task A_redriven_one_is_too_old_an_hour_after_that()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Policy = AnHour;
        var redriven = stage.Reply("redriven");
        stage.Clock.Advance(TimeSpan.FromHours(5));
        stage.Table = [Row(redriven) with { QueuedAt = stage.Clock.GetUtcNow() }];
        stage.Clock.Advance(TimeSpan.FromMinutes(61));

        await stage.ReadyAsync();

        await stage.ExpectAsync("settle redriven Refused after attempt 0");
    }

    [Fact]
    public async Task What_the_store_knows_to_have_left_is_not_settled_as_too_old_by_whoever_has_not_heard_of_it()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Policy = AnHour;
        var old = stage.Reply("old");
        stage.Clock.Advance(TimeSpan.FromHours(5));
        await stage.ReadyAsync();
        stage.SettlementsCount = false;

        await stage.Delivery.EnqueueAsync(stage.Tenant, [old]);
        await stage.ExpectAsync("settle old Refused after attempt 0");

        // What is behind it shows that nothing else was done about it.
        stage.SettlementsCount = true;
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("next", old.Conversation.Value)]);
        await stage.ExpectAsync("begin attempt 1", "send next", "settle next Accepted");
    }

    [Fact]
    public async Task What_cannot_be_read_any_more_fails_alone()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var unreadable = stage.Reply("a");
        stage.Clock.Advance(TimeSpan.FromHours(2));
        stage.Table = [Row(unreadable) with { IsUnreadable = true }, Row(stage.Reply("b", unreadable.Conversation.Value))];

        await stage.ReadyAsync();

        await stage.ExpectAsync("settle a Refused after attempt 0", "begin attempt 1", "send b", "settle b Accepted");
    }

    [Fact]
    public async Task What_only_this_process_cannot_read_is_left_to_others_for_an_hour()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Table = [Row(stage.Reply("a")) with { IsUnreadable = true }, Row(stage.Reply("b"))];

        await stage.ReadyAsync();

        await stage.ExpectAsync("begin attempt 1", "send b", "settle b Accepted");
    }

    [Fact]
    public async Task What_was_begun_and_cannot_be_read_is_neither_looked_up_nor_sent()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Table = [Row(stage.Reply("a")) with { IsUnreadable = true, State = OutboxState.Sending, Attempts = 1 }];

        await stage.ReadyAsync();

        await stage.ExpectAsync("settle a Unknown");
    }

    [Theory]
    [InlineData(true, "TryLater")]
    [InlineData(false, "Refused")]
    public async Task A_day_of_patience_begins_when_somebody_had_it_sent_once_more(bool redriven, string outcome)
    {
        await using var stage = await DeliveryStage.StartAsync();
        var reply = stage.Reply("a");
        stage.Clock.Advance(TimeSpan.FromHours(25));
        stage.Table = [Row(reply) with { Attempts = 9, QueuedAt = redriven ? stage.Clock.GetUtcNow() : null }];
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.TryLater(TimeSpan.FromSeconds(30), "unavailable", "503"));

        await stage.ReadyAsync();

        await stage.ExpectAsync("begin attempt 10", "send a", $"settle a {outcome}");
    }

    [Fact]
    public async Task Nothing_is_too_old_on_the_word_of_a_clock_that_has_just_jumped()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.Policy = AnHour;
        await stage.ReadyAsync();
        var reply = stage.Reply("a");
        stage.Clock.Jump(TimeSpan.FromDays(5));

        await stage.Delivery.EnqueueAsync(stage.Tenant, [reply]);

        await stage.ExpectAsync("begin attempt 1", "send a", "settle a Accepted");
    }

    [Theory]
    [InlineData(61)]
    [InlineData(-61)]
    public void A_clock_that_jumped_is_relied_upon_a_day_later(int seconds)
    {
        var clock = new ManualClock();
        var even = new EvenClock(clock);
        clock.Advance(TimeSpan.FromDays(9));
        Assert.True(even.IsEven());
        clock.Jump(TimeSpan.FromSeconds(1));
        Assert.True(even.IsEven());

        clock.Jump(TimeSpan.FromSeconds(seconds));
        Assert.False(even.IsEven());
        clock.Advance(TimeSpan.FromHours(23));
        Assert.False(even.IsEven());
        clock.Advance(TimeSpan.FromHours(2));
        Assert.True(even.IsEven());
    }

    private static OutboxRow Row(QueuedReply reply) => new(reply, OutboxState.Queued, 0, DateTimeOffset.MinValue, null, PossiblyDuplicate: false);
}
