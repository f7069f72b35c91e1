namespace Orleans.Runtime;

/// <summary>A clock whose tick is a request in the mailbox; the tick of one timer is always the same object.</summary>
/// <remarks>Armed for one tick at a time, by its maker or at the end of the last tick: so ticks never overlap.</remarks>
internal sealed partial class GrainTimer : Request, IGrainTimer
{
    // What a timer of the library can be set to.
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromMilliseconds(0xfffffffe);

    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _stopping;
    private readonly CancellationToken _stopped;
    private readonly ITimer _timer;
    private bool _disposed;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Period, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Period, LongestPeriod);
        (_callback, _options) = (callback, options);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(activation.Ending);
        _stopped = _stopping.Token;
        _timer = activation.Catalog.Clock.CreateContextlessTimer(() => activation.TryPost(this));
        _stopped.UnsafeRegister(static timer => ((ITimer)timer!).Dispose(), _timer);
        _timer.Change(options.DueTime, Timeout.InfiniteTimeSpan);
    }

    public override bool AlwaysInterleaves => _options.Interleave;

    public override bool KeepsAlive => _options.KeepAlive;

    public override bool IsSettled => _stopped.IsCancellationRequested;

    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            _stopping.Cancel();
            _stopping.Dispose();
        }
    }

    public override async Task InvokeAsync(Activation activation)
    {
        try
        {
            await new IncomingCall(activation, "IGrainTimerInvoker", "InvokeCallbackAsync", activation.GrainId, TickAsync).Invoke();
        }
        catch (Exception failure)
        {
            if (failure is not OperationCanceledException)
            {
                Log.TickFailed(activation.Catalog.Logger, failure, activation.GrainId);
            }
        }
    }

    // Not before: until it is answered, the tick is still in the mailbox.
    public override void Answer(Task outcome) => _timer.Change(_options.Period, Timeout.InfiniteTimeSpan);

    private async Task<object?> TickAsync()
    {
        await _callback(_stopped);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(6004, LogLevel.Error, "A timer of {Grain} threw; it goes on")]
        public static partial void TickFailed(ILogger logger, Exception failure, GrainId grain);
    }
}
