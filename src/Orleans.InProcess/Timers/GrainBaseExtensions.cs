namespace Orleans;

/// <summary>What a grain asks of the runtime for itself: to be called back in its own turns.</summary>
public static class GrainBaseExtensions
{
    /// <summary>Calls back until the timer is disposed or the grain deactivated.</summary>
    public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return new GrainTimer((Activation)grain.GrainContext, callback, options);
    }
}
