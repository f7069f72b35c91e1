namespace Orleans.Runtime;

/// <summary>A timer of one activation. Ticks never overlap: the period counts from the end of the callback.</summary>
public interface IGrainTimer : IDisposable;

/// <summary>When a grain timer ticks, and what it may disturb.</summary>
public readonly struct GrainTimerCreationOptions
{
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of one tick to the next; infinite for one tick only.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether a tick may start while a call runs.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether ticks keep the grain from being collected.</summary>
    public bool KeepAlive { get; init; }
}
