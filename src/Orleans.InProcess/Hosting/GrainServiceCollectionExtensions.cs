using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Adds grains to a host. Our own: Orleans hosts its silos differently.</summary>
public static class GrainServiceCollectionExtensions
{
    /// <summary>Runs grains in this process. Their state and reminders need a storage: memory or PostgreSQL.</summary>
    public static IServiceCollection AddInProcessGrains(this IServiceCollection services, Action<InProcessGrainOptions> configure)
    {
        services.AddOptions<InProcessGrainOptions>().Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GrainCatalog>();
        services.TryAddSingleton<IClusterClient>(provider => provider.GetRequiredService<GrainCatalog>().Factory);
        services.TryAddSingleton<IGrainFactory>(provider => provider.GetRequiredService<GrainCatalog>().Factory);
        services.AddHostedService<GrainHostedService>();
        return services;
    }
}
