using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// From the first call to the last: activation, idle time, deactivation.
internal sealed partial class Activation
{
    /// <summary>Persistent state of this grain, in constructor order: read before OnActivateAsync.</summary>
    public List<IStoredState>? States { get; set; }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (Turns)
        {
            switch (_state)
            {
                case State.Active:
                    (_state, _reason) = (State.Deactivating, deactivationReason);
                    if (_mailbox.Running == 0)
                    {
                        Turns.Enqueue((Func<Task>)DeactivateAsync);
                    }

                    break;
                case State.Created:
                    // Nobody called it yet, so there is nothing to end.
                    _state = State.Gone;
                    Catalog.Forget(this);
                    break;
                case State.Activating when _reason.ReasonCode == DeactivationReasonCode.None:
                    _reason = deactivationReason;
                    break;
            }
        }
    }

    public void DelayDeactivation(TimeSpan span) => _keptUntil =
        span <= TimeSpan.Zero && span != Timeout.InfiniteTimeSpan ? 0
        : span == Timeout.InfiniteTimeSpan || span == TimeSpan.MaxValue ? long.MaxValue
        : Catalog.Clock.GetTimestamp() + Catalog.Ticks(span);

    public void DeactivateIfIdle(long now)
    {
        lock (Turns)
        {
            if (_state == State.Active && _mailbox.IsEmpty && now >= _keptUntil && now - _lastUsed >= Class.CollectionAgeTicks)
            {
                Deactivate(new(DeactivationReasonCode.ActivationIdle, $"Idle for {Class.CollectionAge} or longer."));
            }
        }
    }

    /// <summary>Answers everybody who still waits, because nobody else will.</summary>
    public void Abandon(Exception reason)
    {
        List<Request> outstanding;
        lock (Turns)
        {
            outstanding = _mailbox.Outstanding();
        }

        outstanding.ForEach(request => request.Fail(reason));
    }

    public void Own(IDisposable timer)
    {
        lock (Turns)
        {
            if (_state is State.Activating or State.Active or State.Deactivating)
            {
                (_timers ??= []).Add(timer);
                return;
            }
        }

        timer.Dispose();
    }

    public void Disown(IDisposable timer)
    {
        lock (Turns)
        {
            _timers?.Remove(timer);
        }
    }

    private async Task ActivateAsync()
    {
        using var limit = new CancellationTokenSource(Catalog.Options.ActivationTimeout, Catalog.Clock);
        try
        {
            RequestContext.Values = FirstContext();
            GrainInstance = Class.Construct(this);
            foreach (var state in States ?? [])
            {
                await state.LoadAsync(limit.Token).WaitAsync(limit.Token);
            }

            States = null;

            if (GrainInstance is IGrainBase grain)
            {
                await grain.OnActivateAsync(limit.Token).WaitAsync(limit.Token);
            }
        }
#pragma warning disable CA1031 // Whatever keeps a grain from activating is its callers' to see.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.NotActivated(Catalog.Logger, failure, GrainId);
            await EndAsync(CrossingExceptions.Translate(failure));
            return;
        }

        lock (Turns)
        {
            if (_reason.ReasonCode == DeactivationReasonCode.None)
            {
                _lastUsed = Catalog.Clock.GetTimestamp();
                _state = State.Active;
                StartWaiting();
                return;
            }
        }

        // Asked to go before it was there: nothing to say good-bye to.
        await EndAsync(null);
    }

    private async Task DeactivateAsync()
    {
        StopTimers();
        try
        {
            using var limit = new CancellationTokenSource(Catalog.Options.DeactivationTimeout, Catalog.Clock);
            if (GrainInstance is IGrainBase grain)
            {
                await grain.OnDeactivateAsync(_reason, limit.Token).WaitAsync(limit.Token);
            }
        }
#pragma warning disable CA1031 // Deactivation is best effort: it goes on.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.DeactivationFailed(Catalog.Logger, failure, GrainId);
        }

        await EndAsync(null);
    }

    /// <summary>Removes the activation; what still waits goes to its successor, or fails with what kept this one from activating.</summary>
    private async Task EndAsync(Exception? failure)
    {
        StopTimers();
        try
        {
            switch (GrainInstance)
            {
                case IAsyncDisposable grain:
                    await grain.DisposeAsync();
                    break;
                case IDisposable grain:
                    grain.Dispose();
                    break;
            }

            switch (_scope)
            {
                case IAsyncDisposable scope:
                    await scope.DisposeAsync();
                    break;
                default:
                    _scope?.Dispose();
                    break;
            }
        }
#pragma warning disable CA1031 // The grain goes all the same.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            Log.DeactivationFailed(Catalog.Logger, thrown, GrainId);
        }

        List<Request> waiting;
        lock (Turns)
        {
            _state = State.Gone;
            Catalog.Forget(this);
            waiting = _mailbox.TakeWaiting();
            _gone?.TrySetResult();
        }

        foreach (var request in waiting.Where(request => request.OutlivesActivation))
        {
            if (failure is null)
            {
                Catalog.Forward(GrainId, request);
            }
            else
            {
                request.Fail(failure);
            }
        }
    }

    // A grain activated by a call sees that call's context, as its first method will.
    private Dictionary<string, object>? FirstContext()
    {
        lock (Turns)
        {
            return _mailbox.FirstWaiting?.Context;
        }
    }

    private void StopTimers()
    {
        IDisposable[] timers;
        lock (Turns)
        {
            timers = _timers?.ToArray() ?? [];
            _timers = null;
        }

        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }

    internal static partial class Log
    {
        [LoggerMessage(6001, LogLevel.Error, "{Grain} could not be activated; its callers were told")]
        public static partial void NotActivated(ILogger logger, Exception failure, GrainId grain);

        [LoggerMessage(6002, LogLevel.Error, "{Grain} threw while it was deactivated; it is gone all the same")]
        public static partial void DeactivationFailed(ILogger logger, Exception failure, GrainId grain);
    }
}
