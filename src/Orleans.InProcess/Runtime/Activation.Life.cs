namespace Orleans.Runtime;

// From the first call to the last: activation, idle time, deactivation.
internal sealed partial class Activation
{
    /// <summary>Starts deactivation once the running calls have ended; returns at once. The first reason stays.</summary>
    public void Deactivate(DeactivationReason reason)
    {
        lock (Turns)
        {
            _reason ??= reason;
            if (_state == State.Active)
            {
                _state = State.Deactivating;
                GoOn();
            }
        }
    }

    public void DeactivateIfIdle(long now)
    {
        lock (Turns)
        {
            if (_state == State.Active && _mailbox.IsEmpty && now - _lastUsed >= Catalog.Ticks(Class.CollectionAge))
            {
                Deactivate(new(DeactivationReasonCode.ActivationIdle, $"Idle for {Class.CollectionAge} or longer."));
            }
        }
    }

    private async Task ActivateAsync()
    {
        using var limit = new CancellationTokenSource(Catalog.Options.ActivationTimeout, Catalog.Clock);
        try
        {
            RequestContext.Values = FirstContext();
            Grain = Class.Construct(this, out var states);
            foreach (var state in states)
            {
                await state.ReadStateAsync(limit.Token).WaitAsync(limit.Token);
            }

            await Grain.OnActivateAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception failure)
        {
            Log.NotActivated(Catalog.Logger, failure, GrainId);
            await EndAsync(CrossingExceptions.Translate(failure));
            return;
        }

        lock (Turns)
        {
            if (_reason is null)
            {
                (_state, _lastUsed) = (State.Active, Catalog.Clock.GetTimestamp());
                GoOn();
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
            await Grain!.OnDeactivateAsync(_reason!.Value, limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception failure)
        {
            // Deactivation is best effort: it goes on.
            Log.DeactivationFailed(Catalog.Logger, failure, GrainId);
        }

        await EndAsync(null);
    }

    private void StopTimers()
    {
        try
        {
            _ending?.Cancel();
        }
        catch (AggregateException thrown)
        {
            // By what a grain registered on its timer's token: it must not cost the grain its good-bye.
            Log.DeactivationFailed(Catalog.Logger, thrown, GrainId);
        }
    }

    /// <summary>Removes the activation; what still waits goes to its successor, or fails with what kept this one from activating.</summary>
    private async Task EndAsync(Exception? failure)
    {
        StopTimers();
        try
        {
            foreach (var owned in new object?[] { Grain, _scope })
            {
                if (owned is IAsyncDisposable asynchronous)
                {
                    await asynchronous.DisposeAsync();
                }
                else
                {
                    (owned as IDisposable)?.Dispose();
                }
            }
        }
        catch (Exception thrown)
        {
            Log.DeactivationFailed(Catalog.Logger, thrown, GrainId);
        }

        List<Request> waiting;
        lock (Turns)
        {
            _state = State.Gone;
            Catalog.Forget(this);
            waiting = _mailbox.TakeWaiting();
        }

        // Of timers nothing is left to forward: they have stopped.
        foreach (var request in waiting.Where(request => !request.IsSettled))
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

    internal static partial class Log
    {
        [LoggerMessage(6001, LogLevel.Error, "{Grain} could not be activated; its callers were told")]
        public static partial void NotActivated(ILogger logger, Exception failure, GrainId grain);

        [LoggerMessage(6002, LogLevel.Error, "{Grain} threw while it was deactivated; it is gone all the same")]
        public static partial void DeactivationFailed(ILogger logger, Exception failure, GrainId grain);
    }
}
