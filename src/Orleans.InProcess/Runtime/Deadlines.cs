namespace Orleans.Runtime;

/// <summary>Ends waiting that has lasted too long, without a timer per call.</summary>
/// <remarks>
/// An activation enlists itself when it gets a request and was not enlisted; a sweep over the enlisted ones expires what
/// is late and keeps those with something left. A busy grain thus costs one entry, an idle process no timer at all.
/// A time-out comes up to one sweep late.
/// </remarks>
internal sealed class Deadlines : IDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<Activation> _watched = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private bool _armed;

    public Deadlines(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateContextlessTimer(Sweep);
    }

    public void Watch(Activation activation)
    {
        _watched.Enqueue(activation);
        if (!Interlocked.Exchange(ref _armed, true))
        {
            _timer.Change(SweepEvery, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        // Before the look: whoever enlists from here on arms the next sweep.
        Interlocked.Exchange(ref _armed, false);
        for (var left = _watched.Count; left > 0 && _watched.TryDequeue(out var activation); left--)
        {
            if (activation.ExpireRequests(_clock.GetTimestamp()))
            {
                Watch(activation);
            }
        }
    }
}
