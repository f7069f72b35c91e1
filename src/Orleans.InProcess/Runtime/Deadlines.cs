namespace Orleans.Runtime;

/// <summary>Ends waiting that has lasted too long, without a timer per call.</summary>
/// <remarks>
/// An activation enlists itself when it gets a request and was not enlisted; a sweep over the enlisted ones expires what
/// is late and strikes out those with nothing left. A busy grain thus costs one entry, an idle process no timer at all.
/// A time-out comes up to one sweep late.
/// </remarks>
internal sealed class Deadlines : IDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private List<Activation> _watched = [];
    private List<Activation> _swept = [];
    private bool _armed;

    public Deadlines(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateContextlessTimer(static deadlines => ((Deadlines)deadlines!).Sweep(), this);
    }

    public void Watch(Activation activation)
    {
        lock (_lock)
        {
            _watched.Add(activation);
            if (_armed)
            {
                return;
            }

            _armed = true;
        }

        _timer.Change(SweepEvery, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        lock (_lock)
        {
            (_watched, _swept) = (_swept, _watched);
        }

        var now = _clock.GetTimestamp();
        _swept.RemoveAll(activation => !activation.ExpireRequests(now));
        lock (_lock)
        {
            _watched.AddRange(_swept);
            _swept.Clear();
            _armed = _watched.Count > 0;
            if (!_armed)
            {
                return;
            }
        }

        _timer.Change(SweepEvery, Timeout.InfiniteTimeSpan);
    }
}
