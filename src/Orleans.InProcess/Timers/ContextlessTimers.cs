namespace Orleans.Runtime;

/// <summary>Timers that know nothing of who made them.</summary>
internal static class ContextlessTimers
{
    /// <summary>Makes an unarmed timer whose callback does not see its maker's request context or other ambient values.</summary>
    public static ITimer CreateContextlessTimer(this TimeProvider clock, Action callback)
    {
        using (ExecutionContext.SuppressFlow())
        {
            return clock.CreateTimer(static callback => ((Action)callback!)(), callback, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
