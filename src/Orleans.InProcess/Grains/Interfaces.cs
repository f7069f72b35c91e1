namespace Orleans
{
    using Orleans.Runtime;

    /// <summary>Marks every grain interface.</summary>
    public interface IGrain : IAddressable;

    /// <summary>A grain that is found by a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>A grain that is found by a <see cref="Guid"/>.</summary>
    public interface IGrainWithGuidKey : IGrain;

    /// <summary>A grain that is found by a number.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>What the runtime asks of a grain class; <see cref="Grain"/> answers it.</summary>
    public interface IGrainBase
    {
        IGrainContext GrainContext { get; }

        /// <summary>Called once, after the state was read and before the first call. A throw fails the waiting calls.</summary>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        /// <summary>Called once before the activation goes, if the process lives that long.</summary>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }
}

namespace Orleans.Runtime
{
    /// <summary>Something that can be called by its <see cref="GrainId"/>.</summary>
    public interface IAddressable;

    /// <summary>One activation, as the grain inside it sees it.</summary>
    public interface IGrainContext
    {
        GrainId GrainId { get; }

        IServiceProvider ActivationServices { get; }

        /// <summary>Starts deactivation once the running calls have ended; returns at once.</summary>
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }
}
