namespace Channels.Testing.Tests;

public sealed class ManualClockTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Time_stands_still_until_it_is_advanced()
    {
        var before = (_clock.GetUtcNow(), _clock.GetTimestamp());

        _clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(before.Item1 + TimeSpan.FromMinutes(5), _clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromMinutes(5), _clock.GetElapsedTime(before.Item2));
    }

    [Fact]
    public void Timers_fire_in_order_and_each_at_its_own_time()
    {
        var fired = new List<(string, DateTimeOffset)>();
        var start = _clock.GetUtcNow();
        using var late = _clock.CreateTimer(_ => fired.Add(("late", _clock.GetUtcNow())), null, TimeSpan.FromSeconds(7), Timeout.InfiniteTimeSpan);
        using var often = _clock.CreateTimer(_ => fired.Add(("often", _clock.GetUtcNow())), null, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3));

        _clock.Advance(TimeSpan.FromSeconds(9));

        Assert.Equal(
            [("often", start.AddSeconds(3)), ("often", start.AddSeconds(6)), ("late", start.AddSeconds(7)), ("often", start.AddSeconds(9))],
            fired);
    }

    [Fact]
    public void A_disposed_timer_is_silent()
    {
        var timer = _clock.CreateTimer(_ => Assert.Fail("It was disposed."), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(0, _clock.TimersSet);
    }

    [Fact]
    public void A_timer_that_is_set_anew_forgets_its_old_time()
    {
        var fired = 0;
        using var timer = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        timer.Change(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, fired);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(1, fired);
    }

    [Fact]
    public async Task A_delay_on_another_thread_can_be_awaited_before_it_is_ended()
    {
        var armed = _clock.TimerSetAsync(length => length == TimeSpan.FromSeconds(30));
        var sleeper = Task.Run(() => Task.Delay(TimeSpan.FromSeconds(30), _clock));

        Assert.Equal(TimeSpan.FromSeconds(30), await armed);
        Assert.False(sleeper.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(30));

        await sleeper;
    }

    [Fact]
    public async Task A_cancellation_by_time_comes_with_the_clock()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(25), _clock);
        var waiting = Task.Delay(Timeout.InfiniteTimeSpan, limit.Token);

        _clock.Advance(TimeSpan.FromSeconds(25));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task What_is_due_at_once_needs_no_advance()
    {
        var fired = new TaskCompletionSource();

        await using var timer = _clock.CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await fired.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
