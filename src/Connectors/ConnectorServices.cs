using System.Reflection;
using Channels.Core.Connectors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Channels.Connectors;

/// <summary>Wires the channel kinds.</summary>
public static class ConnectorServices
{
    /// <summary>Adds every kind of this assembly and of <paramref name="further"/> ones, and the HTTP client they share.</summary>
    /// <exception cref="InvalidOperationException">A manifest is missing or unreadable, or two kinds have one id.</exception>
    public static IServiceCollection AddConnectors(this IServiceCollection services, params Assembly[] further)
    {
        var kinds = ConnectorCatalog.Discover([typeof(ConnectorServices).Assembly, .. further]);
        ProviderHttp.Add(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IConnectorCatalog>(provider => ConnectorCatalog.Create(provider, kinds));
        return services;
    }
}
