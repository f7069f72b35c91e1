namespace Orleans;

/// <summary>The base of every grain class: one object per identity, one turn at a time.</summary>
/// <remarks>Constructed by the runtime inside its activation; constructed elsewhere (a unit test) it has no context.</remarks>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation? _activation = Activation.Current;

    /// <inheritdoc/>
    public IGrainContext GrainContext => Activation;

    internal Activation Activation => _activation ?? throw new InvalidOperationException($"{GetType().Name} was not constructed by the grain runtime.");

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => Activation.Catalog.Factory;

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Deactivates this grain when its running calls have ended.</summary>
    protected void DeactivateOnIdle() => Activation.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "The grain asked for it."));
}
