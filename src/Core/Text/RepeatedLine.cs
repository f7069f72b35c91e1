namespace Channels.Core.Text;

/// <summary>A line of the log that may be due thousands of times a second: said at once, and then at most once in a while, with how many were left out.</summary>
/// <remarks>What is left out last is told with the next line, whenever that is. May be asked from many threads.</remarks>
/// <param name="clock">Whose time.</param>
/// <param name="every">The least time between two lines.</param>
public sealed class RepeatedLine(TimeProvider clock, TimeSpan every)
{
    private readonly Lock _gate = new();
    private long? _saidAt;
    private long _leftOut;

    /// <summary>Whether to say it this time.</summary>
    /// <param name="leftOut">How often it was not said since it last was.</param>
    public bool IsDue(out long leftOut)
    {
        lock (_gate)
        {
            if (_saidAt is { } before && clock.GetElapsedTime(before) < every)
            {
                leftOut = ++_leftOut;
                return false;
            }

            (leftOut, _leftOut, _saidAt) = (_leftOut, 0, clock.GetTimestamp());
            return true;
        }
    }
}
