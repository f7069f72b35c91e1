namespace Orleans.Runtime;

/// <summary>The task scheduler of one activation: what is queued here runs one after the other, never two at once.</summary>
/// <remarks>
/// Two sorts of work wait here: requests that may start, and tasks, which are mostly continuations coming back.
/// Both run inside one "pump" task of this scheduler, so that whatever they await captures it; one pump serves many turns.
/// The object is also the lock that guards the activation's mailbox: a call then takes one lock on its way in.
/// </remarks>
internal sealed class ActivationTurns(Activation activation) : TaskScheduler, IThreadPoolWorkItem
{
    // After so many turns the thread goes back to the pool's queue: a busy grain must not starve the others.
    private const int TurnsPerPump = 128;

    private static readonly Action<object?> Pump = static turns => ((ActivationTurns)turns!).RunTurns();

    private readonly Queue<object> _ready = new();
    private bool _scheduled;

    public Activation Activation => activation;

    public override int MaximumConcurrencyLevel => 1;

    public void Enqueue(object work)
    {
        lock (this)
        {
            _ready.Enqueue(work);
            if (_scheduled)
            {
                return;
            }

            _scheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Made here, not where the work was queued: a task captures the execution context of its maker.
        new Task(Pump, this).RunSynchronously(this);

        lock (this)
        {
            _scheduled = _ready.Count > 0;
            if (!_scheduled)
            {
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override void QueueTask(Task task) => Enqueue(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && (ReferenceEquals(task.AsyncState, this) || ReferenceEquals(Current, this)) && TryExecuteTask(task);

    // For debuggers, which do without.
    protected override IEnumerable<Task> GetScheduledTasks() => throw new NotSupportedException();

    private void RunTurns()
    {
        for (var turn = 0; turn < TurnsPerPump; turn++)
        {
            object? work;
            lock (this)
            {
                if (!_ready.TryDequeue(out work))
                {
                    return;
                }
            }

            switch (work)
            {
                case Request request:
                    // Never faults: whatever the request throws goes to its caller.
                    _ = activation.RunAsync(request);
                    break;
                case Func<Task> step:
                    _ = step();
                    break;
                default:
                    TryExecuteTask((Task)work);
                    break;
            }
        }
    }
}
