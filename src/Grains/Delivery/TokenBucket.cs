namespace Channels.Grains.Delivery;

/// <summary>Spaces sends out to a sustained rate, with a burst of one second's worth.</summary>
internal sealed class TokenBucket(double perSecond, TimeProvider clock)
{
    private readonly double _burst = Math.Max(1, perSecond);
    private double _tokens = Math.Max(1, perSecond);
    private long _filledAt = clock.GetTimestamp();

    /// <summary>Takes a token, or says how long until there is one.</summary>
    public TimeSpan Take()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(_burst, _tokens + (clock.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond));
        _filledAt = now;
        if (_tokens >= 1)
        {
            _tokens--;
            return TimeSpan.Zero;
        }

        // Rounded up: a wait that is cut off to nothing would read as a token, and let everybody through who asks at that moment.
        return TimeSpan.FromTicks((long)Math.Ceiling((1 - _tokens) * TimeSpan.TicksPerSecond / perSecond));
    }
}
