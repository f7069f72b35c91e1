using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Orleans.Hosting;

/// <summary>Adds grains to a host. Our own: Orleans hosts its silos differently.</summary>
public static class GrainServiceCollectionExtensions
{
    /// <summary>Runs grains in this process. Their state and reminders need a storage: memory or PostgreSQL.</summary>
    public static IServiceCollection AddInProcessGrains(this IServiceCollection services, Action<InProcessGrainOptions> configure)
    {
        services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GrainCatalog>();
        services.TryAddSingleton<IClusterClient>(provider => provider.GetRequiredService<GrainCatalog>().Factory);
        services.TryAddSingleton<IGrainFactory>(provider => provider.GetRequiredService<GrainCatalog>().Factory);
        return services.AddHostedService<GrainHostedService>();
    }

    /// <summary>Keeps state and reminders in memory, for tests and demonstrations.</summary>
    public static IServiceCollection AddMemoryGrainStorage(this IServiceCollection services, string name = PersistentState.DefaultStorage)
    {
        services.TryAddSingleton<IReminderTable, MemoryReminderTable>();
        return services.AddStorage<MemoryGrainStorage>(name);
    }

    /// <summary>Keeps state and reminders in the database of the registered <see cref="Npgsql.NpgsqlDataSource"/>, in Orleans' tables.</summary>
    /// <remarks>The tables and the statements in <c>OrleansQuery</c> must exist when the host starts.</remarks>
    public static IServiceCollection AddPostgresGrainStorage(this IServiceCollection services, string name = PersistentState.DefaultStorage)
    {
        services.TryAddSingleton<OrleansQueries>();
        services.TryAddSingleton<IReminderTable, PostgresReminderTable>();
        return services.AddStorage<PostgresGrainStorage>(name);
    }

    private static IServiceCollection AddStorage<TStorage>(this IServiceCollection services, string name)
        where TStorage : class, IGrainStorage
    {
        services.TryAddSingleton<IGrainStorageSerializer, JsonGrainStateSerializer>();
        services.TryAddSingleton<ReminderService>();
        return services.AddKeyedSingleton<IGrainStorage, TStorage>(name);
    }
}
