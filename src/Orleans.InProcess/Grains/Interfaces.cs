namespace Orleans;

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
