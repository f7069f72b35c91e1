using Channels.Core.Ids;

namespace Channels.Grains.Fairness;

/// <summary>Lets a bounded number in at once; who waits is let in by tenant in turn, so that one tenant's thousand waiting accounts delay another's first by one.</summary>
/// <remarks>Shared by all grains of a process. Who waits holds no message: its work is still in the database.</remarks>
internal sealed class FairGate(int places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, Queue<TaskCompletionSource>> _waiting = [];
    private readonly Queue<TenantId> _turns = new();
    private int _free = places;

    /// <summary>Waits for a place; leave it by <see cref="Leave"/>.</summary>
    public async ValueTask EnterAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        TaskCompletionSource place;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }

            place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_waiting.TryGetValue(tenant, out var queue))
            {
                _waiting[tenant] = queue = new Queue<TaskCompletionSource>();
                _turns.Enqueue(tenant);
            }

            queue.Enqueue(place);
        }

        await using (cancellationToken.UnsafeRegister(static waiting => ((TaskCompletionSource)waiting!).TrySetCanceled(), place))
        {
            await place.Task;
        }
    }

    /// <summary>Gives the place to whoever's turn it is.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            while (_turns.TryDequeue(out var tenant))
            {
                var queue = _waiting[tenant];
                var place = queue.Dequeue();
                if (queue.Count > 0)
                {
                    _turns.Enqueue(tenant);
                }
                else
                {
                    _waiting.Remove(tenant);
                }

                // False when its caller gave up waiting meanwhile: the place goes on to the next.
                if (place.TrySetResult())
                {
                    return;
                }
            }

            _free++;
        }
    }
}

/// <summary>How much one process does at once, whatever waits.</summary>
internal sealed class Gates
{
    /// <summary>Accounts being drained. Each holds at most a megabyte of webhooks.</summary>
    public FairGate Drains { get; } = new(24);

    /// <summary>Agents being awaited.</summary>
    public FairGate Turns { get; } = new(512);
}
