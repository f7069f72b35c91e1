namespace Channels.Grains;

/// <summary>A wait that is kept in memory only, measured by what really passes: a clock that is set back does not lengthen it.</summary>
/// <remarks>None until the first is begun.</remarks>
internal sealed class Pause(TimeProvider clock)
{
    private TimeSpan _length;
    private long _begun;

    /// <summary>How long it still lasts; zero or less once it is over.</summary>
    public TimeSpan Left => _length - clock.GetElapsedTime(_begun);

    /// <summary>Waits for so long from now, whatever was waited for before.</summary>
    public void Begin(TimeSpan length) => (_length, _begun) = (length, clock.GetTimestamp());
}
