using System.Net;
using Channels.Storage;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Channels.Silo;

/// <summary>The cluster build: this process is one silo of Microsoft Orleans, its members in the same Postgres as everything else.</summary>
internal static class Hosting
{
    private const string Invariant = "Npgsql";

    /// <summary>Silos ask each other whether they live; one that is silent three times is gone, and until then so are its accounts. Orleans' own: 5 s.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Silos read the table of members this often. Who comes back at its old address strikes its former self from it, but when several come back at once only one
    /// of them succeeds, and the others try again at their next reading. Orleans' own: 60 s.
    /// </summary>
    private static readonly TimeSpan TableRefresh = TimeSpan.FromSeconds(5);

    public static void AddGrainRuntime(this WebApplicationBuilder builder, Store store)
    {
        builder.Services.AddClusterPressure();
        builder.UseOrleans(silo => Configure(silo, builder.Configuration, store));
    }

    private static void Configure(ISiloBuilder silo, ConfigurationManager configuration, Store store)
    {
        var age = CollectionAge.Of(configuration);
        var cluster = configuration.GetSection("Channels:Cluster");
        var connectionString = store.Database.ConnectionString;
        silo.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = "channels";
            options.ClusterId = cluster["ClusterId"] ?? "channels";
        });
        silo.Configure<ClusterMembershipOptions>(options => (options.ProbeTimeout, options.TableRefreshTimeout) = (ProbeTimeout, TableRefresh));
        silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = age);
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        silo.AddAdoNetGrainStorageAsDefault(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        silo.UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = (Invariant, connectionString));
        var siloPort = ClusterPort.Of(configuration, "SiloPort", 11111);
        var gatewayPort = ClusterPort.Of(configuration, "GatewayPort", 30000);
        if (store.IsEmbedded || cluster["Address"] is not { Length: > 0 } address)
        {
            silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
        }
        else
        {
            silo.ConfigureEndpoints(address, siloPort, gatewayPort);
        }
    }
}
