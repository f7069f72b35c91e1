using Microsoft.Extensions.Hosting;

namespace Orleans.Runtime;

/// <summary>Ties the grains to the host's life: idle collection while it runs, a graceful end when it stops.</summary>
internal sealed class GrainHostedService(GrainCatalog catalog) : IHostedService, IDisposable
{
    private ITimer? _collection;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var quantum = catalog.Options.CollectionQuantum;
        _collection = catalog.Clock.CreateTimer(static grains => ((GrainCatalog)grains!).CollectIdle(), catalog, quantum, quantum);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return catalog.StopAsync(cancellationToken);
    }

    public void Dispose() => _collection?.Dispose();
}
