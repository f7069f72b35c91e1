using System.Reflection;
using Channels.Core.Connectors;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Channels.Connectors;

/// <summary>Wires the channel kinds.</summary>
public static class ConnectorServices
{
    /// <summary>Adds every kind of this assembly and of the assemblies that the settings name, and the HTTP client they share.</summary>
    /// <exception cref="InvalidOperationException">One of our own manifests is missing or unreadable, or two of our own kinds have one id. A faulty assembly of others is only reported.</exception>
    public static IServiceCollection AddConnectors(this IServiceCollection services, IConfiguration configuration) =>
        services.AddConnectors([typeof(ConnectorServices).Assembly], [.. KindModules.PathsOf(configuration)]);

    internal static IServiceCollection AddConnectors(this IServiceCollection services, Assembly[] assemblies, string[] modules)
    {
        var kinds = ConnectorCatalog.Discover(assemblies);
        var loaded = modules.Select(KindModules.Load).ToArray();
        ProviderHttp.Add(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IConnectorCatalog>(provider =>
            ConnectorCatalog.Create(provider, kinds, loaded, provider.GetService<ILoggerFactory>()?.CreateLogger<ConnectorCatalog>()));
        return services;
    }
}
