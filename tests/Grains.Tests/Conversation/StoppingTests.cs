using Channels.Core.Agents;
using Channels.Grains.Conversation;
using Channels.Testing;

namespace Channels.Grains.Tests.Conversation;

/// <summary>What becomes of the turns of a process that is asked to stop.</summary>
public sealed class StoppingTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly ManualClock _clock = new();
    private readonly LogCollector _log = new();
    private readonly StoppableLifetime _lifetime = new();

    [Fact]
    public async Task An_agent_that_is_being_asked_ends_first_and_nobody_is_asked_any_more()
    {
        await using var stage = await ConversationStage.OpenAsync();
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        stage.Outcome = new AgentOutcome.Reply("hi");
        stage.Behind = [stage.Turn with { Message = stage.NewId(), Text = "and this" }];
        stage.Asked = () =>
        {
            asked.TrySetResult();
            return answer.Task;
        };
        await stage.Conversation.EnqueueAsync(stage.Where, [stage.Turn, .. stage.Behind], complete: false);
        await asked.Task.WaitAsync(Deadline);

        stage.Lifetime.StopApplication();
        var stopped = stage.UnderWay.StopAsync(CancellationToken.None);
        Assert.False(stopped.IsCompleted);
        answer.SetResult();
        await stopped.WaitAsync(Deadline);

        // Recorded by then, not merely answered.
        Assert.Equal([[stage.Turn.Message]], stage.Endings);
        await stage.LookAgainAsync();
        await stage.Conversation.SendAsync(stage.Where, stage.NewId(), new("by hand", null, null, default), CancellationToken.None);
        Assert.Equal(1, stage.TimesAsked);
        Assert.Single(stage.Endings);
    }

    [Fact]
    public async Task Who_takes_longer_than_a_stop_may_take_is_left()
    {
        var turns = Turns();
        using var hanging = turns.TryBegin();
        Assert.NotNull(hanging);
        _lifetime.StopApplication();
        var waits = _clock.TimerSetAsync();

        var stopped = turns.StopAsync(CancellationToken.None);
        Assert.Equal(TurnsUnderWay.Patience, await waits.WaitAsync(Deadline));
        _clock.Advance(TurnsUnderWay.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(stopped.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await stopped.WaitAsync(Deadline);

        Assert.Single(_log.Entries, entry => entry.Message.StartsWith("1 turns were still being answered", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_waits_for_the_last_of_several()
    {
        var turns = Turns();
        var (one, other) = (turns.TryBegin()!, turns.TryBegin()!);

        var stopped = turns.StopAsync(CancellationToken.None);
        one.Dispose();
        one.Dispose();
        Assert.False(stopped.IsCompleted);
        other.Dispose();

        await stopped.WaitAsync(Deadline);
        Assert.Empty(_log.Entries);
    }

    [Fact]
    public async Task Without_a_turn_under_way_a_stop_waits_for_nothing()
    {
        var turns = Turns();
        turns.TryBegin()!.Dispose();

        await turns.StopAsync(CancellationToken.None).WaitAsync(Deadline);

        Assert.Equal(0, _clock.TimersSet);
    }

    [Fact]
    public void From_the_signal_on_none_begins()
    {
        var turns = Turns();
        Assert.True(turns.MayAsk);

        _lifetime.StopApplication();

        Assert.False(turns.MayAsk);
        Assert.Null(turns.TryBegin());
    }

    private TurnsUnderWay Turns() => new(new Closing(_lifetime), _clock, _log.For<TurnsUnderWay>());
}
