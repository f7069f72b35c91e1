using Orleans.Serialization;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>What a method returns that returns nothing.</summary>
internal readonly struct Nothing;

/// <summary>One call on its way: the mailbox sees a request, the caller sees a task.</summary>
/// <remarks>
/// The caller may be answered three times over (result, time-out, cancellation): the first wins. A call whose caller gave
/// up before it started is dropped; one that runs goes on to its end.
/// </remarks>
#pragma warning disable CA1001 // A cancellation source without timer or wait handle holds nothing to dispose.
internal abstract class GrainCall : Request
#pragma warning restore CA1001
{
    private readonly GrainMethod _method;
    private readonly long _deadline;
    private Activation? _servedBy;
    private CancellationTokenSource? _calleeCancellation;
    private CancellationTokenRegistration _callerCancellation;

    protected GrainCall(GrainMethod method, GrainId target, object?[] arguments, GrainCatalog catalog)
    {
        (_method, Target, Arguments) = (method, target, arguments);
        Context = RequestContext.Values;
        Source = Activation.Current?.GrainId;
        Limit = method.Timeout ?? catalog.Options.ResponseTimeout;
        _deadline = catalog.Clock.GetTimestamp() + catalog.Ticks(Limit);
    }

    public GrainMethod Method => _method;

    public GrainId Target { get; }

    public GrainId? Source { get; }

    public object?[] Arguments { get; }

    public override bool AlwaysInterleaves => _method.AlwaysInterleaves;

    public override bool ReadsOnly => _method.ReadsOnly;

    private TimeSpan Limit { get; }

    public override Task InvokeAsync(Activation activation)
    {
        if (_calleeCancellation is not null)
        {
            // Published before looking: either Cancel finds us here, or we find that it has settled the call.
            Interlocked.Exchange(ref _servedBy, activation);
            if (IsSettled)
            {
                return Task.FromCanceled(new(canceled: true));
            }
        }

        return activation.Catalog.Filters.Length > 0 || activation.GrainInstance is IIncomingGrainCallFilter
            ? InvokeFilteredAsync(activation)
            : _method.Invoke(activation.GrainInstance!, Arguments);
    }

    public override void Settle(Activation activation, Task outcome)
    {
        if (_calleeCancellation is not null)
        {
            _callerCancellation.Dispose();
        }

        if (outcome.IsCompletedSuccessfully)
        {
            Answer(outcome);
            return;
        }

        var thrown = outcome.IsCanceled ? Cancellation(outcome) : outcome.Exception!.InnerException!;
        if (thrown is InconsistentStateException { IsSourceActivation: true } conflict)
        {
            // Only the grain whose state it is loses its memory; callers further up see the same exception and stay.
            conflict.IsSourceActivation = false;
            activation.Deactivate(new(DeactivationReasonCode.ApplicationError, conflict, conflict.Message));
        }

        Fail(CrossingExceptions.Translate(thrown));
    }

    public override void Expire(long now)
    {
        if (now >= _deadline && !IsSettled)
        {
            Fail(new TimeoutException($"{_method.Name} of {Target} did not answer within {Limit}."));
        }
    }

    /// <summary>Gives the callee a token of its own, because the caller's would call back on a thread outside the callee's turns.</summary>
    public void CancelWith(int parameter, CancellationToken callers)
    {
        _calleeCancellation = new();
        Arguments[parameter] = _calleeCancellation.Token;
        _callerCancellation = callers.UnsafeRegister(static (call, token) => ((GrainCall)call!).Cancel(token), this);
    }

    protected abstract void Answer(Task outcome);

    protected abstract Task InvokeFilteredAsync(Activation activation);

    private static OperationCanceledException Cancellation(Task outcome)
    {
        try
        {
            outcome.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException cancelled)
        {
            return cancelled;
        }

        return new();
    }

    private void Cancel(CancellationToken token)
    {
        Fail(new OperationCanceledException(token));
        if (Volatile.Read(ref _servedBy) is { } activation)
        {
            _ = Task.Factory.StartNew(_calleeCancellation!.Cancel, CancellationToken.None, TaskCreationOptions.DenyChildAttach, activation.Turns);
        }
    }
}

/// <summary>A call with its answer.</summary>
internal sealed class GrainCall<TResult>(GrainMethod<TResult> method, GrainId target, object?[] arguments, GrainCatalog catalog)
    : GrainCall(method, target, arguments, catalog)
{
    // Asynchronous: otherwise the caller would go on inside the callee's turn.
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Answered => _answer.Task;

    public override bool IsSettled => _answer.Task.IsCompleted;

    public override void Fail(Exception reason) => _answer.TrySetException(reason);

    protected override void Answer(Task outcome) => _answer.TrySetResult(GrainMethod<TResult>.ResultOf(outcome));

    protected override Task InvokeFilteredAsync(Activation activation) => FilterAsync(activation);

    private async Task<TResult> FilterAsync(Activation activation)
    {
        var context = new IncomingCall(activation, Method.Method, Method.Method.DeclaringType!.FullName!, Source, async grain =>
        {
            var outcome = method.Invoke(grain, Arguments);
            await outcome;
            return GrainMethod<TResult>.ResultOf(outcome);
        });
        await context.Invoke();
        return context.Result is TResult result ? result : default!;
    }
}
