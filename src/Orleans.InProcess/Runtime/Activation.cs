using Microsoft.Extensions.DependencyInjection;

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
    private long _keptUntil;
    private IServiceScope? _scope;
    private List<IDisposable>? _timers;
    private DeactivationReason _reason;
    private TaskCompletionSource? _gone;

    public Activation(GrainCatalog catalog, GrainClass kind, GrainId id)
    {
        (Catalog, Class, GrainId) = (catalog, kind, id);
        _mailbox = new(kind.IsReentrant);
        Turns = new(this);
        _lastUsed = catalog.Clock.GetTimestamp();
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

    public object? GrainInstance { get; private set; }

    public IServiceProvider ActivationServices => (_scope ??= Catalog.Services.CreateScope()).ServiceProvider;

    public Task Deactivated
    {
        get
        {
            lock (Turns)
            {
                return _state == State.Gone
                    ? Task.CompletedTask
                    : (_gone ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Takes a request in; false when this activation is gone and the sender must look for its successor.</summary>
    public bool TryPost(Request request)
    {
        var mustWatch = false;
        lock (Turns)
        {
            switch (_state)
            {
                case State.Gone:
                    return false;
                case State.Active when _mailbox.TryStart(request):
                    Turns.Enqueue(request);
                    break;
                case State.Created:
                    _state = State.Activating;
                    _mailbox.Wait(request);
                    Turns.Enqueue((Func<Task>)ActivateAsync);
                    break;
                default:
                    _mailbox.Wait(request);
                    break;
            }

            if (!_watched)
            {
                _watched = mustWatch = true;
            }
        }

        if (mustWatch)
        {
            Catalog.Deadlines.Watch(this);
        }

        return true;
    }

    /// <summary>One request from start to end, in turns of this activation.</summary>
    public async Task RunAsync(Request request)
    {
        try
        {
            if (!request.IsSettled)
            {
                RequestContext.Values = request.Context;
                var outcome = Start(request);
                if (!outcome.IsCompleted)
                {
                    await outcome.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                }

                request.Settle(this, outcome);
            }
        }
        finally
        {
            Finish(request);
        }
    }

    public void EnterSection(Guid chain)
    {
        lock (Turns)
        {
            _mailbox.OpenChain(chain);
        }
    }

    public void LeaveSection(Guid chain)
    {
        lock (Turns)
        {
            _mailbox.CloseChain(chain);
        }
    }

    /// <summary>Lets requests whose time is over give up; false when nothing is left to watch.</summary>
    public bool ExpireRequests(long now)
    {
        List<Request> outstanding;
        lock (Turns)
        {
            if (_mailbox.IsEmpty)
            {
                return _watched = false;
            }

            outstanding = _mailbox.Outstanding();
        }

        foreach (var request in outstanding)
        {
            request.Expire(now);
        }

        return true;
    }

    private Task Start(Request request)
    {
        try
        {
            return request.InvokeAsync(this);
        }
#pragma warning disable CA1031 // Whatever a grain throws is its caller's to see.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            return Task.FromException(thrown);
        }
    }

    private void Finish(Request request)
    {
        lock (Turns)
        {
            _mailbox.Finish(request);
            if (request.KeepsAlive)
            {
                _lastUsed = Catalog.Clock.GetTimestamp();
            }

            if (_state == State.Active)
            {
                StartWaiting();
            }
            else if (_state == State.Deactivating && _mailbox.Running == 0)
            {
                Turns.Enqueue((Func<Task>)DeactivateAsync);
            }
        }
    }

    private void StartWaiting()
    {
        while (_mailbox.StartNext() is { } next)
        {
            Turns.Enqueue(next);
        }
    }
}
