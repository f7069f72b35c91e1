using Orleans;
using Orleans.Runtime;

namespace Channels.Grains;

/// <summary>Rings once, a grain's pump as a rule, at a time that may be put off or brought forward until then.</summary>
/// <remarks>Only while the grain is active: what must survive it is a row with a time, and found by the sweep.</remarks>
internal sealed class Alarm(Grain grain, Action ring)
{
    private IGrainTimer? _timer;

    /// <summary>Rings the pump and nothing else.</summary>
    public Alarm(Grain grain, Pump pump)
        : this(grain, pump.Signal)
    {
    }

    /// <summary>Rings after so long, and not at the time that was set before.</summary>
    public void Set(TimeSpan after)
    {
        _timer?.Dispose();
        _timer = grain.RegisterGrainTimer(
            _ =>
            {
                ring();
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions { DueTime = after < TimeSpan.Zero ? TimeSpan.Zero : after, Period = Timeout.InfiniteTimeSpan, Interleave = true, KeepAlive = true });
    }
}
