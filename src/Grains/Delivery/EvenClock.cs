namespace Channels.Grains.Delivery;

/// <summary>Whether the clock has gone on evenly since this process first looked at it: nothing is failed for its age on the word of a clock that has just jumped.</summary>
/// <remarks>A process that starts after the jump does not know of it. A machine that slept looks like one: what waited meanwhile leaves late rather than not at all.</remarks>
internal sealed class EvenClock(TimeProvider clock)
{
    /// <summary>So long after a jump nothing is failed: somebody may notice, and set the clock right.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <summary>Half of the shortest age that a channel may set.</summary>
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private (long Ticks, DateTimeOffset Time) _seen = (clock.GetTimestamp(), clock.GetUtcNow());
    private long? _jumped;

    /// <summary>Looks, and says whether ages can be relied upon.</summary>
    public bool IsEven()
    {
        lock (_gate)
        {
            var (ticks, time) = (clock.GetTimestamp(), clock.GetUtcNow());
            if ((time - _seen.Time - clock.GetElapsedTime(_seen.Ticks, ticks)).Duration() > _margin)
            {
                _jumped = ticks;
            }

            _seen = (ticks, time);
            return _jumped is not { } since || clock.GetElapsedTime(since, ticks) > Patience;
        }
    }
}
