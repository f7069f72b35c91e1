using Channels.Core.Channels;
using Channels.Core.Outbox;

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

        await stage.ExpectAsync("settle old Refused", "begin attempt 1", "send next", "settle next Accepted");
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
    public async Task What_was_tried_before_and_what_somebody_had_sent_once_more_is_not_too_old()
    {
        await using var stage = await DeliveryStage.StartAsync(concurrency: 1);
        stage.Policy = AnHour;
        var (tried, redriven) = (stage.Reply("tried"), stage.Reply("redriven"));
        stage.Clock.Advance(TimeSpan.FromHours(5));
        stage.Table = [Row(tried) with { Attempts = 1 }, Row(redriven) with { NextAttemptAt = stage.Clock.GetUtcNow() }];

        await stage.ReadyAsync();

        await stage.ExpectAsync("begin attempt 2", "send tried", "settle tried Accepted", "begin attempt 1", "send redriven", "settle redriven Accepted");
    }

    private static OutboxRow Row(QueuedReply reply) => new(reply, OutboxState.Queued, 0, DateTimeOffset.MinValue, null, PossiblyDuplicate: false);
}
