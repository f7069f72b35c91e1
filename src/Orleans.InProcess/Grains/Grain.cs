using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>The base of every grain class: one object per identity, one turn at a time.</summary>
/// <remarks>Constructed by the runtime inside its activation; constructed elsewhere (a unit test) it has no context.</remarks>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation? _activation = Activation.Current;

    /// <inheritdoc/>
    public IGrainContext GrainContext => Activation;

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => Activation.Catalog.Factory;

    /// <summary>Services with the activation's lifetime.</summary>
    protected internal IServiceProvider ServiceProvider => Activation.ActivationServices;

    private Activation Activation => _activation ?? throw new InvalidOperationException($"{GetType().Name} was not constructed by the grain runtime.");

#pragma warning disable CA1725 // Named arguments must compile against both builds: these are Orleans' names.
    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
#pragma warning restore CA1725

    /// <summary>Deactivates this grain when its running calls have ended.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Keeps this grain from idle collection for a while; zero or less takes that back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => Activation.DelayDeactivation(timeSpan);
}
