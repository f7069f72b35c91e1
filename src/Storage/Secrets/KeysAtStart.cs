using Channels.Storage.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Channels.Storage.Secrets;

/// <summary>Reads, or makes, the installation's keys before anything is served: a wrong key stops the start instead of the first request.</summary>
internal sealed class KeysAtStart(IServiceProvider services) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        services.GetRequiredService<MasterKey>();
        services.GetRequiredService<OperatorKey>();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
