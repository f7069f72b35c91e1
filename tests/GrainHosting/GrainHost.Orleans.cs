using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Channels.GrainHosting;

/// <summary>A host with nothing but grains in it, on the runtime that the build is made for. This file: Orleans, one silo and a client.</summary>
public sealed class GrainHost : IAsyncDisposable
{
    private readonly InProcessTestCluster _cluster;

    private GrainHost(InProcessTestCluster cluster) => _cluster = cluster;

    /// <summary>Makes references, as code outside grains does.</summary>
    public IGrainFactory Grains => _cluster.Client;

    /// <summary>The services the grains see.</summary>
    public IServiceProvider Services => _cluster.GetSiloServiceProvider();

    /// <summary>Starts a host; dispose it to stop it gracefully.</summary>
    public static async Task<GrainHost> StartAsync(Action<GrainHostOptions> configure)
    {
        var wanted = new GrainHostOptions();
        configure(wanted);
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ServiceId = wanted.ServiceId;
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureHost(host => host.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureClient(client => client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = wanted.ResponseTimeout));
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Configure<ClusterOptions>(cluster => cluster.ServiceId = wanted.ServiceId);
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = wanted.ResponseTimeout);
            silo.Configure<ReminderOptions>(reminders => reminders.MinimumReminderPeriod = wanted.MinimumReminderPeriod);
            silo.Configure<GrainCollectionOptions>(collection =>
            {
                collection.CollectionAge = wanted.CollectionAge;
                collection.CollectionQuantum = wanted.CollectionQuantum;
            });
            AddStorage(silo, wanted);
            wanted.Services?.Invoke(silo.Services);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    private static void AddStorage(ISiloBuilder silo, GrainHostOptions wanted)
    {
        if (wanted.Database is not { } database)
        {
            silo.AddMemoryGrainStorageAsDefault();
            silo.UseInMemoryReminderService();
            return;
        }

        silo.AddAdoNetGrainStorageAsDefault(storage => storage.Configure<IServiceProvider>((options, services) =>
        {
            options.Invariant = "Npgsql";
            options.DataSource = database;
            if (services.GetService<IGrainStorageSerializer>() is { } serializer)
            {
                options.GrainStorageSerializer = serializer;
            }
        }));
        silo.UseAdoNetReminderService(reminders =>
        {
            reminders.Invariant = "Npgsql";
            reminders.DataSource = database;
        });
    }
}
