namespace Orleans.Runtime;

/// <summary>What a method returns that returns nothing.</summary>
internal readonly struct Nothing;

/// <summary>One call on its way: the mailbox sees a request, the caller sees a task.</summary>
/// <remarks>
/// The caller may be answered three times over (result, time-out, cancellation): the first wins. A call whose caller gave
/// up before it started is dropped; one that runs goes on to its end.
/// </remarks>
internal sealed class GrainCall<TResult>(GrainMethod method, GrainReference target, object?[] arguments, CancellationToken callers) : Request
{
    // Asynchronous: otherwise the caller would go on inside the callee's turn.
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Activation? _source = Activation.Current;
    private readonly long _sent = target.Catalog.Clock.GetTimestamp();

    public Task<TResult> Answered => callers.CanBeCanceled ? _answer.Task.WaitAsync(callers) : _answer.Task;

    public override bool AlwaysInterleaves => method.AlwaysInterleaves;

    public override bool ReadsOnly => method.ReadsOnly;

    public override Dictionary<string, object>? Context { get; } = RequestContext.Values;

    public override bool IsSettled => _answer.Task.IsCompleted || callers.IsCancellationRequested;

    private TimeSpan Limit => method.Timeout ?? target.Catalog.Options.ResponseTimeout;

    public override Task InvokeAsync(Activation activation) => callers.CanBeCanceled || IncomingCall.IsFiltered(activation)
        ? InvokeObservedAsync(activation)
        : method.Invoke(activation.Grain!, arguments);

    public override void Answer(Task outcome) => _answer.TrySetResult(GrainMethod<TResult>.ResultOf(outcome));

    public override void Fail(Exception reason) => _answer.TrySetException(reason);

    public override void Expire(long now)
    {
        if (!IsSettled && now - _sent >= target.Catalog.Ticks(Limit))
        {
            Fail(new TimeoutException($"{method.Interface.Name}.{method.Name} of {target.GrainId} did not answer within {Limit}."));
        }
    }

    // A call that filters see, or that its caller may call off.
    private async Task<TResult> InvokeObservedAsync(Activation activation)
    {
        // The callee has a token of its own, because the caller's would call back on a thread outside the callee's turns.
        var callees = new CancellationTokenSource();
        using var registration = callers.UnsafeRegister(
            _ => Task.Factory.StartNew(callees.Cancel, CancellationToken.None, TaskCreationOptions.DenyChildAttach, activation.Turns), null);
        if (callers.CanBeCanceled)
        {
            arguments[method.CancellationAt] = callees.Token;
        }

        var call = new IncomingCall(activation, method.Interface.FullName!, method.Name, _source?.GrainId, async () =>
        {
            var outcome = method.Invoke(activation.Grain!, arguments);
            await outcome;
            return GrainMethod<TResult>.ResultOf(outcome);
        });
        await call.Invoke();
        return call.Result is TResult result ? result : default!;
    }
}
