using System.Collections.Immutable;
using Channels.Core.Conversations;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Channels.Grains.Conversation;
using Channels.Grains.Delivery;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Grains.Tests.Conversation;

public sealed class ReplyDispatchTests
{
    private static readonly TurnEnd _begun = new(Ended: true, Begun: true);
    private static readonly TurnEnd _queued = new(Ended: true, Begun: false);
    private static readonly TurnEnd _endedBefore = new(Ended: false, Begun: false);
    private readonly ManualClock _clock = new();
    private readonly Delivery _delivery = new();
    private readonly IdSource _ids = new(new ManualClock());
    private readonly ReplyDispatch _dispatch;

    public ReplyDispatchTests() => _dispatch = new ReplyDispatch(_ => _delivery, _clock, NullLogger.Instance);

    [Fact]
    public async Task A_reply_with_a_place_that_is_begun_is_sent_and_one_that_is_not_is_queued()
    {
        var finish = await _dispatch.ReserveAsync(Finish("one"));
        await _dispatch.TellAsync(finish, _begun);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("two")), _queued);

        Assert.True(finish.Reserved);
        Assert.Equal(["reserve", "send one", "reserve", "enqueue two"], _delivery.Calls);
    }

    [Fact]
    public async Task A_reply_in_parts_and_no_reply_ask_for_no_place()
    {
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("one", "two")), _queued);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish()), _queued);

        Assert.Equal(["enqueue one two"], _delivery.Calls);
    }

    [Fact]
    public async Task A_refusal_and_a_failure_mean_that_there_is_no_place()
    {
        _delivery.Answer = Task.FromResult(false);
        Assert.False((await _dispatch.ReserveAsync(Finish("one"))).Reserved);
        _delivery.Answer = Task.FromException<bool>(new TimeoutException());
        Assert.False((await _dispatch.ReserveAsync(Finish("two"))).Reserved);
    }

    [Fact]
    public async Task No_place_is_asked_for_before_the_message_of_somebody_else_that_is_being_queued()
    {
        var (where, message) = Message("theirs");
        var queued = new TaskCompletionSource();
        var sending = _dispatch.SendAsync(where, message, () => queued.Task);
        Assert.False((await _dispatch.ReserveAsync(Finish("one"))).Reserved);
        queued.SetResult();
        await sending;

        Assert.True((await _dispatch.ReserveAsync(Finish("two"))).Reserved);
        Assert.Equal(["enqueue theirs", "reserve"], _delivery.Calls);
    }

    [Fact]
    public async Task A_queued_message_that_delivery_did_not_hear_of_is_no_failure_and_is_looked_for_before_the_next()
    {
        var (where, message) = Message("one");
        _delivery.IsAway = true;
        await _dispatch.SendAsync(where, message, () => Task.CompletedTask);
        _delivery.IsAway = false;

        await _dispatch.SendAsync(where, Message("two").Message, () => Task.CompletedTask);
        await _dispatch.SendAsync(where, Message("three").Message, () => Task.CompletedTask);

        Assert.Equal(["wake", "enqueue three"], _delivery.Calls);
    }

    [Fact]
    public async Task After_a_message_that_may_have_been_queued_delivery_looks_now_and_before_the_next()
    {
        var (where, message) = Message("one");
        await Assert.ThrowsAsync<TimeoutException>(() => _dispatch.SendAsync(where, message, () => Task.FromException(new TimeoutException())));

        Assert.False((await _dispatch.ReserveAsync(Finish("a reply"))).Reserved);
        await _dispatch.SendAsync(where, Message("two").Message, () => Task.CompletedTask);

        Assert.Equal(["wake", "wake"], _delivery.Calls);
    }

    [Fact]
    public async Task Delivery_that_does_not_answer_is_not_waited_for()
    {
        _delivery.Answer = new TaskCompletionSource<bool>().Task;
        var asked = _dispatch.ReserveAsync(Finish("one"));
        Assert.False(asked.IsCompleted);

        _clock.Advance(Reservations.Patience);

        Assert.False((await asked.WaitAsync(TimeSpan.FromSeconds(20))).Reserved);
    }

    [Fact]
    public async Task A_turn_that_was_ended_before_gives_the_place_back()
    {
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("one")), _endedBefore);

        Assert.Equal(["reserve", "abandon"], _delivery.Calls);
    }

    [Fact]
    public async Task After_an_ending_that_may_have_happened_delivery_looks_now_and_before_the_next_reply()
    {
        await _dispatch.DoubtAsync(await _dispatch.ReserveAsync(Finish("one")));
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("two")), _queued);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("three")), _begun);

        Assert.Equal(["reserve", "abandon", "wake", "reserve", "send three"], _delivery.Calls);
    }

    [Fact]
    public async Task A_begun_reply_that_delivery_did_not_hear_of_is_looked_for_before_the_next()
    {
        var finish = await _dispatch.ReserveAsync(Finish("one"));
        _delivery.IsAway = true;
        await _dispatch.TellAsync(finish, _begun);
        _delivery.IsAway = false;

        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("two")), _queued);

        Assert.Equal(["reserve", "wake"], _delivery.Calls);
    }

    [Fact]
    public async Task Replies_that_another_activation_left_are_looked_for_before_the_first_reply()
    {
        _dispatch.Begin(repliesWait: true);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("one")), _queued);
        _dispatch.Begin(repliesWait: true);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("two")), _begun);

        Assert.Equal(["wake", "reserve", "send two"], _delivery.Calls);
    }

    [Fact]
    public async Task Replies_that_wait_after_nothing_did_are_our_own_and_delivery_knows_them()
    {
        _dispatch.Begin(repliesWait: false);
        _dispatch.Begin(repliesWait: true);
        await _dispatch.TellAsync(await _dispatch.ReserveAsync(Finish("one")), _queued);

        Assert.Equal(["reserve", "enqueue one"], _delivery.Calls);
    }

    private (ConversationRef Where, QueuedReply Message) Message(string text)
    {
        var where = new ConversationRef(new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        return (where, new QueuedReply(new(_ids.Next()), where.Conversation, "549", text, ReplyTo: null));
    }

    private TurnFinish Finish(params string[] texts)
    {
        var where = new ConversationRef(new(_ids.Next()), new(_ids.Next()), new(_ids.Next()));
        return new TurnFinish(
            where, [new(_ids.Next())],
            [.. texts.Select(text => new QueuedReply(new(_ids.Next()), where.Conversation, "549", text, ReplyTo: null))], Reason: null, AgentFailed: false);
    }

    private sealed class Delivery : IDeliveryGrain
    {
        public List<string> Calls { get; } = [];

        public Task<bool> Answer { get; set; } = Task.FromResult(true);

        public bool IsAway { get; set; }

        public Task<bool> ReserveAsync(ConversationId conversation, MessageId reply, string chatId)
        {
            Calls.Add("reserve");
            return Answer;
        }

        public Task SendBegunAsync(QueuedReply reply) => Note($"send {reply.Text}");

        public Task AbandonAsync(MessageId reply) => Note("abandon");

        public Task EnqueueAsync(TenantId tenant, ImmutableArray<QueuedReply> replies) => Note($"enqueue {string.Join(' ', replies.Select(reply => reply.Text))}");

        public Task<ImmutableArray<ReplyWait>> GetWaitsAsync(ConversationId conversation, ImmutableArray<MessageId> replies) => throw new NotSupportedException();

        public Task WakeAsync() => Note("wake");

        private Task Note(string call)
        {
            if (IsAway)
            {
                return Task.FromException(new TimeoutException());
            }

            Calls.Add(call);
            return Task.CompletedTask;
        }
    }
}
