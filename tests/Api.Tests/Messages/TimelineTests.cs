using Channels.Api.Messages;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Core.Transcript;
using Channels.Grains.Abstractions;
using Channels.Storage.Channels;
using Channels.Storage.Queries;

namespace Channels.Api.Tests.Messages;

/// <summary>What a timeline says of each way a message can go. Pure; the tables are Spine.Tests' affair.</summary>
public sealed class TimelineTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_reply_that_waits_for_its_next_attempt_names_the_reason_the_time_and_until_when_it_is_tried()
    {
        var step = Sent(Reply(3) with { Unsettled = Queued("rate-limited: slower", attemptAt: Now.AddMinutes(2)) });

        Assert.Equal(("waiting", "rate-limited: slower", 3, Now.AddMinutes(2)), (step.State, step.What, step.Attempts, step.NextAttemptAt));
        Assert.Contains("2026-01-02 11:59", step.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reply_that_was_not_tried_yet_is_pending_and_nothing_is_wrong()
    {
        var told = Told(Channel(), Reply(0) with { Status = "queued", Unsettled = Queued(null, Now) });

        Assert.Equal(("in_progress", null), (told.State, told.Problem));
        Assert.Equal("pending", told.Steps[^1].State);
    }

    [Fact]
    public void A_reply_that_only_waits_for_its_turn_says_for_what_and_is_no_trouble()
    {
        var reply = Reply(0) with { Status = "queued", Unsettled = Queued(null, Now) };

        var told = Timeline.Of([reply], Channel(), WaitTests.Live(new(reply.Id, ReplyWaitCause.Paced, null, Now.AddSeconds(2), null, null)), Now);

        Assert.Equal(("in_progress", null), (told.State, told.Problem));
        Assert.Equal(("waiting", "paced", Now.AddSeconds(2)), (told.Steps[^1].State, told.Steps[^1].Waiting!.Reason, told.Steps[^1].Waiting!.Until));
    }

    [Fact]
    public void An_open_circuit_is_trouble()
    {
        var reply = Reply(0) with { Status = "queued", Unsettled = Queued(null, Now) };

        var told = Timeline.Of([reply], Channel(), WaitTests.Live(new(reply.Id, ReplyWaitCause.CircuitOpen, Now.AddMinutes(-9), Now.AddSeconds(2), "unreachable", null)), Now);

        Assert.Equal(("attention", Now.AddMinutes(-9)), (told.State, told.Problem!.Since));
        Assert.Contains("test-connection", told.Problem.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_reply_shows_the_providers_words_and_how_to_send_it_again()
    {
        var told = Told(Channel(), Reply(1) with { Status = "failed", Reason = "no-account: not on WhatsApp", StatusAt = Now });

        Assert.Equal(("sent", "no-account: not on WhatsApp", Now), (told.Problem!.Step, told.Problem.What, told.Problem.Since));
        Assert.Contains("/messages", told.Problem.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void What_failed_after_it_was_sent_was_sent_and_not_delivered()
    {
        var told = Told(Channel(), Reply(1) with { Status = "failed", Reason = "blocked", SentAt = Now.AddSeconds(-5), StatusAt = Now });

        Assert.Equal([("queued", "done"), ("sent", "done"), ("delivered", "failed")], told.Steps.Select(step => (step.Step, step.State)));
    }

    [Theory]
    [InlineData(5, "Wait")]
    [InlineData(60, "Look into the chat")]
    public void An_unknown_reply_is_to_be_waited_for_while_the_provider_is_asked_and_then_to_be_looked_for(int minutes, string nextStep)
    {
        var step = Sent(Reply(1) with
        {
            Status = "unknown", LookUps = 2, Unsettled = new(OutboxState.Unknown, Now, Now.AddMinutes(-minutes), "no answer in time", Now.AddMinutes(-1), "the provider cannot say", null),
        });

        Assert.Equal(("unknown", 2, "the provider cannot say", Now.AddMinutes(-minutes)), (step.State, step.LookUps!.Times, step.LookUps.LastAnswer, step.Since));
        Assert.StartsWith(nextStep, step.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reply_that_may_have_come_twice_says_so()
    {
        var step = Sent(Reply(2) with { PossiblyDuplicate = true, SentAt = Now });

        Assert.Equal(("done", true, 2), (step.State, step.PossiblyDuplicate, step.Attempts));
        Assert.Contains("twice", step.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_of_a_suspended_tenant_and_one_of_a_deleted_channel_say_who_can_help()
    {
        var waiting = Message() with { Waiting = new(null, 0) };

        var suspended = Told(Channel(), waiting with { SuspendedAt = Now.AddHours(-1) });
        var deleted = Told(null, waiting);

        Assert.Equal(("asked", Now.AddHours(-1)), (suspended.Problem!.Step, suspended.Problem.Since));
        Assert.Contains("operator", suspended.Problem.NextStep, StringComparison.Ordinal);
        Assert.Contains("deleted", deleted.Problem!.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_behind_others_says_how_many_and_one_whose_service_answers_later_until_when()
    {
        var behind = Told(Channel(), Message() with { Waiting = new(null, 2) });
        var later = Told(Channel(), Message() with { Waiting = new(Now.AddMinutes(5), 0), AskedAt = Now });

        Assert.Equal("in_progress", behind.State);
        Assert.Contains("2", behind.Steps[^1].What, StringComparison.Ordinal);
        Assert.Contains("2026-01-01 12:05", later.Steps[^1].What, StringComparison.Ordinal);
        Assert.Equal(("asked", "pending"), (later.Steps[^1].Step, later.Steps[^1].State));
    }

    [Theory]
    [InlineData("agent-timeout: no answer within 25 seconds", "failed", "apology")]
    [InlineData("handed over: agent-error: the agent failed", "failed", "resume")]
    [InlineData("handed over: the agent asked for a person", "done", null)]
    [InlineData(null, "done", null)]
    public void How_the_agent_ended_is_told_with_what_to_do(string? reason, string state, string? nextStep)
    {
        var reply = Reply(1) with { Reason = reason, AskedAt = Now, Asks = 2, SentAt = Now };

        var step = Told(Channel(), Message(), reply).Steps.Single(one => one.Step == "asked");

        Assert.Equal((state, 2, Now), (step.State, step.Attempts, step.At));
        Assert.Equal(nextStep is not null, step.NextStep?.Contains(nextStep ?? "", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(null, "no-account: not on WhatsApp", "done")]
    [InlineData("deleted by its sender", null, "done")]
    [InlineData("agent-timeout: no answer within 25 seconds", "no-account: not on WhatsApp", "failed")]
    public void What_became_of_the_reply_or_the_message_afterwards_is_not_taken_for_the_agents_word(string? ofMessage, string? ofReply, string state)
    {
        var reply = Reply(1) with { Status = ofReply is null ? "sent" : "failed", Reason = ofReply, StatusAt = Now, AskedAt = Now, Asks = 1 };

        var step = Told(Channel(), Message() with { Reason = ofMessage }, reply).Steps.Single(one => one.Step == "asked");

        Assert.Equal((state, state == "done" ? "It answered." : ofMessage), (step.State, step.What));
    }

    [Fact]
    public void What_was_typed_on_the_phone_was_never_queued_here()
    {
        var told = Told(Channel(), Reply(0) with { Status = "sent", Author = Author.Person, Turn = null, SentAt = Now });

        Assert.Equal(["sent", "recorded"], told.Steps.Select(step => step.Step));
        Assert.Equal("done", told.State);
    }

    [Fact]
    public void A_message_whose_provider_gave_no_time_begins_where_it_was_stored()
    {
        var told = Told(Channel(), Message() with { ReceivedAt = Now.AddSeconds(-2), Reason = "the channel has no agent" });

        Assert.Equal(["stored", "recorded", "routed"], told.Steps.Select(step => step.Step));
        Assert.Contains("the channel has no agent", told.Steps[^1].What, StringComparison.Ordinal);
    }

    private static TimelineAnswer Told(ChannelDetails? channel, params TimelineRow[] rows) => Timeline.Of([.. rows], channel, LiveWaits.None, Now);

    private static TimelineStep Sent(TimelineRow reply) => Told(Channel(), reply).Steps.Single(step => step.Step == "sent");

    private static UnsettledReply Queued(string? reason, DateTimeOffset attemptAt) => new(OutboxState.Queued, attemptAt, Now.AddSeconds(-3), reason, null, null, null);

    private static Guid IdAt(DateTimeOffset moment) => new IdSource(new Testing.ManualClock(moment)).Next();

    private static TimelineRow Message() => new(
        new(IdAt(Now.AddMinutes(-1))), new(IdAt(Now)), new(IdAt(Now)), false, Author.Contact, "message.text", "received", null, "P", Now.AddSeconds(-2), false)
    {
        ReceivedAt = Now.AddSeconds(-1),
    };

    private static TimelineRow Reply(int attempts) => new(
        new(IdAt(Now.AddMinutes(-1))), new(IdAt(Now)), new(IdAt(Now)), true, Author.Agent, "message.text", attempts > 0 ? "sent" : "queued", null, null, Now, false)
    {
        Turn = IdAt(Now), Attempts = attempts,
    };

    private static ChannelDetails Channel() => new(
        new(IdAt(Now)), new(IdAt(Now)), "simulator", "a", "a", "active", null, null, null, Now, null, null, default, false, default, ChannelPolicy.Default, null, Now, Now);
}
