using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>A clock whose tick is a request in the mailbox; the tick of one timer is always the same object.</summary>
internal sealed partial class GrainTimer : Request, IGrainTimer
{
    private static readonly MethodInfo TickMethod = typeof(IGrainTimerInvoker).GetMethod(nameof(IGrainTimerInvoker.InvokeCallbackAsync))!;

    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private TimeSpan _next;
    private TimeSpan _period;
    private bool _ticking;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        Check(options.DueTime, nameof(options.DueTime));
        Check(options.Period, nameof(options.Period));
        (_activation, _callback, _options, _period) = (activation, callback, options, options.Period);
        _timer = activation.Catalog.Clock.CreateContextlessTimer(static timer => ((GrainTimer)timer!).Fire(), this);
        activation.Own(this);
        Change(options.DueTime, options.Period);
    }

    /// <summary>The name under which call filters see a tick.</summary>
    private interface IGrainTimerInvoker
    {
        Task InvokeCallbackAsync();
    }

    public override bool AlwaysInterleaves => _options.Interleave;

    public override bool KeepsAlive => _options.KeepAlive;

    public override bool OutlivesActivation => false;

    public override bool IsSettled => _stopped.IsCancellationRequested;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        lock (_lock)
        {
            (_next, _period) = (dueTime, period);
            if (!_ticking)
            {
                Arm(dueTime);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _activation.Disown(this);
        _stopped.Cancel();
    }

    public override Task InvokeAsync(Activation activation)
    {
        lock (_lock)
        {
            _next = _period;
        }

        return activation.Catalog.Filters.Length == 0 && activation.GrainInstance is not IIncomingGrainCallFilter
            ? _callback(_stopped.Token)
            : new IncomingCall(activation, TickMethod, TickMethod.DeclaringType!.Name, activation.GrainId, async _ =>
            {
                await _callback(_stopped.Token);
                return null;
            }).Invoke();
    }

    public override void Settle(Activation activation, Task outcome)
    {
        if (outcome.Exception?.InnerException is { } failure)
        {
            Log.TickFailed(activation.Catalog.Logger, failure, activation.GrainId);
        }

        lock (_lock)
        {
            _ticking = false;
            Arm(_next);
        }
    }

    public override void Fail(Exception reason)
    {
    }

    private static void Check(TimeSpan span, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((long)span.TotalMilliseconds, -1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)span.TotalMilliseconds, 0xfffffffe, name);
    }

    private void Arm(TimeSpan due)
    {
        try
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Disposed by its own callback, or together with the activation.
        }
    }

    private void Fire()
    {
        lock (_lock)
        {
            if (_ticking || _stopped.IsCancellationRequested)
            {
                return;
            }

            _ticking = true;
        }

        _activation.TryPost(this);
    }

    private static partial class Log
    {
        [LoggerMessage(6004, LogLevel.Error, "A timer of {Grain} threw; it goes on")]
        public static partial void TickFailed(ILogger logger, Exception failure, GrainId grain);
    }
}

/// <summary>Timers that know nothing of who made them.</summary>
internal static class ContextlessTimers
{
    /// <summary>Makes an unarmed timer whose callback does not see its maker's request context or other ambient values.</summary>
    public static ITimer CreateContextlessTimer(this TimeProvider clock, TimerCallback callback, object state)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
