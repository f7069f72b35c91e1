namespace Channels.Testing;

/// <summary>A clock that stands still until it is advanced, and then fires what fell due, in order, before <see cref="Advance"/> returns.</summary>
/// <remarks>
/// A timer's callback runs on the thread that advances, at the time the timer was set for; what it awaits goes on elsewhere.
/// Code under test sets its timers on other threads: await <see cref="TimerSetAsync"/>, asked for before the action, before you advance.
/// </remarks>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly List<(Func<TimeSpan, bool> Matches, TaskCompletionSource<TimeSpan> Signal)> _waiting = [];
    private DateTimeOffset _now = start;
    private TimeSpan _jumped;

    /// <summary>Starts at noon, UTC, on a Thursday.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are set and have not yet fired for the last time.</summary>
    public int TimersSet
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return (_now - _jumped).UtcTicks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on by <paramref name="by"/>, stopping at each timer on the way.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var until = GetUtcNow() + by;
        while (TakeDue(until) is { } due)
        {
            due.Fire();
        }
    }

    /// <summary>Sets the time of day, as somebody sets a clock: no time passes, and no timer fires.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_gate)
        {
            (_now, _jumped) = (_now + by, _jumped + by);
            _timers.ForEach(timer => timer.Due += by);
        }
    }

    /// <summary>Completes when the next timer is set, with the time it is set for. Ask before the action that sets it.</summary>
    public Task<TimeSpan> TimerSetAsync() => TimerSetAsync(_ => true);

    /// <summary>As <see cref="TimerSetAsync()"/>, for a timer of a certain length.</summary>
    public Task<TimeSpan> TimerSetAsync(Func<TimeSpan, bool> matches)
    {
        var signal = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((matches, signal));
        }

        return signal.Task;
    }

    private ManualTimer? TakeDue(DateTimeOffset until)
    {
        lock (_gate)
        {
            // Same time: the one that was set first.
            var due = _timers.Where(timer => timer.Due <= until).MinBy(timer => timer.Due);
            _now = due is null ? until : due.Due > _now ? due.Due : _now;
            if (due is not null)
            {
                _timers.Remove(due);
                if (due.Period > TimeSpan.Zero)
                {
                    due.Due += due.Period;
                    _timers.Add(due);
                }
            }

            return due;
        }
    }

    private void Set(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        TaskCompletionSource<TimeSpan>[] signals;
        lock (_gate)
        {
            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return;
            }

            timer.Due = _now + dueTime;
            timer.Period = period;
            _timers.Add(timer);
            signals = [.. from waiting in _waiting where waiting.Matches(dueTime) select waiting.Signal];
            _waiting.RemoveAll(waiting => signals.Contains(waiting.Signal));
        }

        foreach (var signal in signals)
        {
            signal.SetResult(dueTime);
        }

        if (dueTime == TimeSpan.Zero)
        {
            // What is due at once does not wait for the clock to be moved.
            ThreadPool.QueueUserWorkItem(_ => Advance(TimeSpan.Zero));
        }
    }

    private bool Remove(ManualTimer timer)
    {
        lock (_gate)
        {
            return _timers.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool _disposed;

        public DateTimeOffset Due { get; set; }

        public TimeSpan Period { get; set; }

        public void Fire()
        {
            if (!_disposed)
            {
                callback(state);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
            {
                return false;
            }

            clock.Set(this, dueTime, period);
            return true;
        }

        public void Dispose()
        {
            _disposed = true;
            clock.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
