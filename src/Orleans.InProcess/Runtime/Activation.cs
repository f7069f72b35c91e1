namespace Orleans.Runtime;

/// <summary>One grain alive: its object, its mailbox, its turns.</summary>
/// <remarks>
/// Life: created by the first call, activating (constructor, state, OnActivateAsync), active, deactivating (running calls
/// end, OnDeactivateAsync), gone. Requests that find it not active wait; those still waiting when it is gone go to its
/// successor, or fail with the exception that kept it from activating.
/// </remarks>
internal sealed partial class Activation : IGrainContext
{
    private readonly Mailbox _mailbox;
    private State _state;
    private bool _watched;
    private long _lastUsed;
    private IServiceScope? _scope;
    private CancellationTokenSource? _ending;
    private DeactivationReason? _reason;

    public Activation(GrainCatalog catalog, GrainClass kind, GrainId id)
    {
        (Catalog, Class, GrainId) = (catalog, kind, id);
        _mailbox = new(kind.IsReentrant);
        Turns = new(this);
    }

    private enum State : byte
    {
        Created,
        Activating,
        Active,
        Deactivating,
        Gone,
    }

    /// <summary>The activation whose turn this is; null outside grains and after leaving the scheduler.</summary>
    public static Activation? Current => (TaskScheduler.Current as ActivationTurns)?.Activation;

    public GrainCatalog Catalog { get; }

    public GrainClass Class { get; }

    public ActivationTurns Turns { get; }

    public GrainId GrainId { get; }

    public Grain? Grain { get; private set; }

    /// <summary>Services with the activation's lifetime.</summary>
    public IServiceProvider ActivationServices => (_scope ??= Catalog.Services.CreateScope()).ServiceProvider;

    /// <summary>Cancelled when no new call will start: timers stop.</summary>
    public CancellationToken Ending => LazyInitializer.EnsureInitialized(ref _ending).Token;

    /// <summary>Takes a request in; false when this activation is gone and the sender must look for its successor.</summary>
    public bool TryPost(Request request)
    {
        bool alreadyWatched;
        lock (Turns)
        {
            switch (_state)
            {
                case State.Gone:
                    return false;
                case State.Active when _mailbox.TryStart(request):
                    Turns.Enqueue(request);
                    break;
                default:
                    _mailbox.Wait(request);
                    break;
            }

            if (_state == State.Created)
            {
                _state = State.Activating;
                Turns.Enqueue((Func<Task>)ActivateAsync);
            }

            (alreadyWatched, _watched) = (_watched, true);
        }

        if (!alreadyWatched)
        {
            Catalog.Deadlines.Watch(this);
        }

        return true;
    }

    /// <summary>One request from start to end, in turns of this activation.</summary>
    public async Task RunAsync(Request request)
    {
        Task? outcome = null;
        Exception? failure = null;
        try
        {
            if (!request.IsSettled)
            {
                RequestContext.Values = request.Context;
                outcome = request.InvokeAsync(this);
                await outcome;
            }
        }
        catch (Exception thrown)
        {
            failure = CrossingExceptions.Translate(thrown);
            if (thrown is InconsistentStateException { IsSourceActivation: true } conflict)
            {
                // Only the grain whose state it is loses its memory; callers further up see the same exception and stay.
                conflict.IsSourceActivation = false;
                Deactivate(new(DeactivationReasonCode.ApplicationError, conflict, conflict.Message));
            }
        }

        Finish(request);
        if (failure is not null)
        {
            request.Fail(failure);
        }
        else if (outcome is not null)
        {
            request.Answer(outcome);
        }
    }

    public void OpenSection(Guid chain)
    {
        lock (Turns)
        {
            (_mailbox.OpenChains ??= []).Add(chain);
        }
    }

    public void CloseSection(Guid chain)
    {
        lock (Turns)
        {
            _mailbox.OpenChains?.Remove(chain);
        }
    }

    /// <summary>Lets requests whose time is over give up; false when nothing is left to watch.</summary>
    public bool ExpireRequests(long now)
    {
        lock (Turns)
        {
            if (_mailbox.IsEmpty)
            {
                return _watched = false;
            }
        }

        Outstanding().ForEach(request => request.Expire(now));
        return true;
    }

    /// <summary>Answers everybody who still waits, because nobody else will.</summary>
    public void Abandon(Exception reason) => Outstanding().ForEach(request => request.Fail(reason));

    private List<Request> Outstanding()
    {
        lock (Turns)
        {
            return _mailbox.Outstanding();
        }
    }

    private void Finish(Request request)
    {
        lock (Turns)
        {
            _mailbox.Finish(request);
            _lastUsed = request.KeepsAlive ? Catalog.Clock.GetTimestamp() : _lastUsed;
            GoOn();
        }
    }

    // Under the lock: starts whatever may start now, or the good-bye once nothing runs any more.
    private void GoOn()
    {
        while (_state == State.Active && _mailbox.StartNext() is { } next)
        {
            Turns.Enqueue(next);
        }

        if (_state == State.Deactivating && _mailbox.IsIdle)
        {
            Turns.Enqueue((Func<Task>)DeactivateAsync);
        }
    }
}
