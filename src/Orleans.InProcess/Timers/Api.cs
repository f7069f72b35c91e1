using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>What a grain asks of the runtime for itself: to go, or to be called back in its own turns.</summary>
    public static class GrainBaseExtensions
    {
        /// <summary>Deactivates the grain when its running calls have ended.</summary>
        public static void DeactivateOnIdle(this IGrainBase grain) =>
            grain.GrainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "The grain asked for it."));

        /// <summary>Calls back until the timer is disposed or the grain deactivated.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return new GrainTimer((Activation)grain.GrainContext, callback, options);
        }

        /// <summary>Calls back with a state.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options) =>
            grain.RegisterGrainTimer(cancellation => callback(state, cancellation), options);

        /// <summary>Calls back, neither interleaving nor keeping the grain alive.</summary>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
            grain.RegisterGrainTimer(callback, new(dueTime, period));

        /// <summary>Calls back with a state, neither interleaving nor keeping the grain alive.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period) =>
            grain.RegisterGrainTimer(callback, state, new(dueTime, period));
    }
}

namespace Orleans.Runtime
{
    /// <summary>A timer of one activation. Ticks never overlap: the period counts from the end of the callback.</summary>
    public interface IGrainTimer : IDisposable
    {
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <summary>When a grain timer ticks, and what it may disturb.</summary>
    public readonly struct GrainTimerCreationOptions
    {
        public GrainTimerCreationOptions()
        {
        }

        [SetsRequiredMembers]
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) => (DueTime, Period) = (dueTime, period);

        public required TimeSpan DueTime { get; init; }

        /// <summary>From the end of one tick to the next; infinite for one tick only.</summary>
        public required TimeSpan Period { get; init; }

        /// <summary>Whether a tick may start while a call runs.</summary>
        public bool Interleave { get; init; }

        /// <summary>Whether ticks keep the grain from being collected.</summary>
        public bool KeepAlive { get; init; }
    }
}
