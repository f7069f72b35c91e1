namespace Channels.Grains.Delivery;

/// <summary>Spaces sends out to a sustained rate, with a burst of one second's worth unless it is told another.</summary>
internal sealed class TokenBucket(double perSecond, TimeProvider clock, double? burst = null)
{
    private readonly double _burst = Math.Max(1, burst ?? perSecond);
    private double _tokens = Math.Max(1, burst ?? perSecond);
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Nothing was taken for so long that it holds all it can.</summary>
    public bool IsFull
    {
        get
        {
            Fill();
            return _tokens >= _burst;
        }
    }

    /// <summary>How long until there is a token; zero when there is one. Takes none.</summary>
    public TimeSpan Wait()
    {
        Fill();

        // Rounded up: a wait that is cut off to nothing would read as a token, and let everybody through who asks at that moment.
        return _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromTicks((long)Math.Ceiling((1 - _tokens) * TimeSpan.TicksPerSecond / perSecond));
    }

    /// <summary>Takes a token, or says how long until there is one.</summary>
    public TimeSpan Take()
    {
        var wait = Wait();
        if (wait == TimeSpan.Zero)
        {
            _tokens--;
        }

        return wait;
    }

    private void Fill()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(_burst, _tokens + (clock.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond));
        _filledAt = now;
    }
}
