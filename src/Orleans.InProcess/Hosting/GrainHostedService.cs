using Microsoft.Extensions.Hosting;

namespace Orleans.Runtime;

/// <summary>Ties the grains to the host's life: statements and reminders at its start, idle collection while it runs, a graceful end.</summary>
internal sealed class GrainHostedService(GrainCatalog catalog) : IHostedService, IDisposable
{
    private readonly ReminderService? _reminders = catalog.Services.GetService<ReminderService>();
    private ITimer? _collection;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await (catalog.Services.GetService<OrleansQueries>()?.LoadAsync(cancellationToken) ?? Task.CompletedTask);
        await (_reminders?.StartAsync(cancellationToken) ?? Task.CompletedTask);
        var quantum = catalog.Options.CollectionQuantum;
        _collection = catalog.Clock.CreateTimer(static grains => ((GrainCatalog)grains!).CollectIdle(), catalog, quantum, quantum);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return catalog.StopAsync(cancellationToken);
    }

    public void Dispose()
    {
        _reminders?.Dispose();
        _collection?.Dispose();
    }
}
