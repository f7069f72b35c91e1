using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;

namespace Channels.Grains.Tests.Delivery;

/// <summary>What delivery reads of a table with more in it than it holds.</summary>
public sealed class ReadingTests
{
    [Fact]
    public async Task A_thousand_messages_to_one_slow_chat_keep_no_other_conversation_waiting()
    {
        await using var stage = await DeliveryStage.StartAsync(kind: stage => new DeliveryStage.Paced(stage, new ChannelLimits(1_000, null, 8)));
        var slow = stage.Reply("slow");
        stage.Table = [Row(slow), .. Rows(stage, 2_000, "slow", slow.Conversation.Value), Row(stage.Reply("other"))];

        await stage.ReadyAsync();

        await stage.ExpectSentAsync("slow", "other");

        // What the sweep says every other second sends nothing more, and reads no more than a few of them.
        await stage.Delivery.WakeAsync();
        await stage.ExpectAsync("read");
        Assert.InRange(stage.MostLoaded, 1, 1_000);
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        await stage.ExpectSentAsync("slow");
    }

    [Fact]
    public async Task A_conversation_leaves_in_order_though_a_few_of_its_replies_are_held_at_a_time_and_the_last_is_handed_over_at_once()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        var first = stage.Reply("1");
        stage.Table = [Row(first), .. Enumerable.Range(2, 24).Select(n => Row(stage.Reply($"{n}", first.Conversation.Value)))];
        await stage.ReadyAsync();
        await stage.ExpectAsync("begin attempt 1", "send 1");

        var fresh = stage.Reply("26", first.Conversation.Value);
        stage.Table = [.. stage.Table, Row(fresh)];
        await stage.Delivery.EnqueueAsync(stage.Tenant, [fresh]);
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        answer.SetResult(new SendOutcome.Accepted("3EB0"));

        await stage.ExpectAsync("settle 1 Accepted");
        await stage.ExpectSentAsync([.. Enumerable.Range(2, 25).Select(n => $"{n}")]);
    }

    [Fact]
    public async Task Whatever_pages_are_cut_to_every_conversation_leaves_whole_and_in_order()
    {
        await using var stage = await DeliveryStage.StartAsync();
        stage.BytesOfPage = 7;
        var heads = Enumerable.Range(0, 12).Select(n => stage.Reply($"{n:00}:00")).ToList();
        stage.Table = [.. heads.Select(Row), .. Enumerable.Range(1, 24).SelectMany(n => heads.Select(head => Row(stage.Reply($"{head.Text[..2]}:{n:00}", head.Conversation.Value))))];
        var expected = stage.Table.Select(row => row.Reply.Text).Order(StringComparer.Ordinal).ToList();
        await stage.ReadyAsync();

        var sent = await stage.SentAsync(expected.Count);

        Assert.Equal(expected, sent.GroupBy(text => text[..2]).OrderBy(one => one.Key, StringComparer.Ordinal).SelectMany(one => one));
    }

    [Fact]
    public async Task Long_replies_are_held_a_few_at_a_time_and_what_is_handed_over_meanwhile_waits_in_the_table()
    {
        await using var stage = await DeliveryStage.StartAsync(concurrency: 1);
        stage.BytesOfPage = 8 * 1024 * 1024;
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        stage.Table = [.. Enumerable.Range(1, 20).Select(n => Row(stage.Reply($"{n}")) with { Size = 3_000_000 })];
        await stage.ReadyAsync();
        await stage.ExpectAsync("begin attempt 1", "send 1");

        // In the table alone: it waits for others, and so does the last.
        var (fresh, last) = (stage.Reply("fresh"), stage.Table[^1].Reply);
        stage.Table = [.. stage.Table, Row(fresh)];
        await stage.Delivery.EnqueueAsync(stage.Tenant, [fresh]);
        Assert.Equal(Abstractions.ReplyWaitCause.BehindOthers, (await stage.WaitOfAsync(last))?.Cause);
        Assert.Equal(3, stage.RowsLoaded);

        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        Assert.Equal(20, (await stage.SentAsync(21)).Distinct().Count());
    }

    [Fact]
    public async Task A_reply_under_way_whose_conversation_went_into_another_is_not_begun_again_there()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        var (moved, next) = (stage.Reply("1"), stage.Reply("2"));
        stage.Table = [Row(moved)];
        await stage.ReadyAsync();
        await stage.ExpectAsync("begin attempt 1", "send 1");

        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB1"));
        stage.Table =
        [
            Row(moved with { Conversation = next.Conversation }) with { State = OutboxState.Sending, Attempts = 1, SendingSince = stage.Clock.GetUtcNow() },
            Row(next),
        ];
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        await stage.Delivery.WakeAsync();

        await stage.ExpectAsync("read");
        await stage.ExpectSentAsync("2");
        answer.SetResult(new SendOutcome.Accepted("3EB0"));
        await stage.ExpectAsync("settle 1 Accepted");
    }

    [Fact]
    public async Task What_is_handed_over_to_a_conversation_of_many_waits_for_those_that_are_in_the_table()
    {
        await using var stage = await (await DeliveryStage.StartAsync()).ReadyAsync();
        var answer = new TaskCompletionSource<SendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Kind.Answer = () => answer.Task;
        var first = stage.Reply("1");
        ImmutableArray<QueuedReply> all = [first, .. Enumerable.Range(2, 29).Select(n => stage.Reply($"{n}", first.Conversation.Value))];
        stage.Table = [.. all.Select(Row)];
        await stage.Delivery.EnqueueAsync(stage.Tenant, all);
        await stage.ExpectAsync("begin attempt 1", "send 1");

        // Of it a few are held: another conversation has its place, and it leaves in order all the same.
        Assert.Equal(Abstractions.ReplyWaitCause.BehindEarlier, (await stage.WaitOfAsync(all[^1]))?.Cause);
        stage.Kind.Answer = () => Task.FromResult<SendOutcome>(new SendOutcome.Accepted("3EB0"));
        await stage.Delivery.EnqueueAsync(stage.Tenant, [stage.Reply("other")]);
        await stage.ExpectSentAsync("other");
        answer.SetResult(new SendOutcome.Accepted("3EB0"));

        await stage.ExpectAsync("settle 1 Accepted");
        await stage.ExpectSentAsync([.. Enumerable.Range(2, 29).Select(n => $"{n}")]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_handed_over_while_the_table_is_read_does_not_overtake_what_was_queued_meanwhile(bool isKnown)
    {
        await using var stage = await DeliveryStage.StartAsync();
        var first = stage.Reply("1");
        var (second, third) = (stage.Reply("2", first.Conversation.Value), stage.Reply("3", first.Conversation.Value));
        stage.Table = isKnown ? [Row(first)] : [];
        async Task MeanwhileAsync()
        {
            (stage.Found, stage.Loaded) = (() => Task.CompletedTask, () => Task.CompletedTask);
            stage.Table = [Row(first), Row(second), Row(third)];
            await stage.Delivery.EnqueueAsync(stage.Tenant, [third]);
        }

        if (isKnown)
        {
            stage.Loaded = MeanwhileAsync;
        }
        else
        {
            stage.Found = MeanwhileAsync;
        }

        await stage.ReadyAsync();

        await stage.ExpectSentAsync("1", "2", "3");
    }

    [Fact]
    public async Task Many_conversations_leave_and_are_read_a_part_at_a_time()
    {
        await using var stage = await DeliveryStage.StartAsync(concurrency: 1);
        var replies = Enumerable.Range(1, 1_200).Select(n => stage.Reply($"{n}")).ToList();
        stage.Table = [.. replies.Select(Row)];
        await stage.Delivery.WakeAsync();

        var sent = await stage.SentAsync(1_200);

        Assert.Equal(replies.Select(reply => reply.Text).Order(), sent.Order());
        Assert.InRange(stage.MostLoaded, 1, 1_000);
    }

    [Fact]
    public async Task Conversations_that_wait_for_their_next_attempt_keep_none_behind_them_from_being_read()
    {
        await using var stage = await DeliveryStage.StartAsync();
        var later = stage.Clock.GetUtcNow().AddMinutes(5);
        stage.Table = [.. Rows(stage, 1_700, "waits").Select(row => row with { Attempts = 1, NextAttemptAt = later }), Row(stage.Reply("other"))];
        await stage.Delivery.WakeAsync();

        Assert.Equal(["other"], await stage.SentAsync(1));

        // As the sweep does once their time has come.
        stage.Clock.Advance(TimeSpan.FromMinutes(6));
        await stage.Delivery.WakeAsync();
        Assert.Equal(1_700, (await stage.SentAsync(1_700)).Count);
    }

    private static List<OutboxRow> Rows(DeliveryStage stage, int count, string text, Guid? conversation = null) =>
        [.. Enumerable.Range(0, count).Select(_ => Row(stage.Reply(text, conversation)))];

    private static OutboxRow Row(QueuedReply reply) => new(reply, OutboxState.Queued, 0, DateTimeOffset.MinValue, null, PossiblyDuplicate: false);
}
