using Channels.Agents;
using Channels.Api;
using Channels.Api.Ingress;
using Channels.Connectors;
using Channels.Core;
using Channels.Core.Egress;
using Channels.Core.Inbox;
using Channels.Storage;
using Channels.Storage.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

// The front end of a cluster: HTTP only, a client of the silos. It acknowledges webhooks from Postgres alone, also while no silo is up.
return await HostStart.RunAsync(async () =>
{
    const string Name = "channels";
    var builder = WebApplication.CreateSlimBuilder(ChannelsHost.Options(args));
    builder.UseChannelsDefaults();
    var start = new HostStart(builder.Logging);
    var connectionString = builder.Configuration.GetConnectionString("Channels")
        ?? throw new SettingException("ConnectionStrings:Channels", "is missing. A front end works on the cluster's Postgres.");
    var database = new ChannelsDatabase(connectionString);

    // Together, not in turn: the door opens while the client is still looking for a silo.
    builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
    builder.Services.AddSingleton(database);
    builder.Services.AddSingleton(database.Requests);
    builder.Services.AddInbox();
    builder.Services.AddClusterPressure(); // silos give way
    builder.Services.AddEgressRules(builder.Configuration);
    builder.Services.AddConnectors(builder.Configuration);
    builder.Services.AddGuardedHttpClient(ProviderHttp.ClientName);
    builder.Services.AddAgents();
    builder.Services.AddChannelsApi(builder.Configuration);
    builder.UseOrleansClient(client => client
        .UseAdoNetClustering(options =>
        {
            options.Invariant = "Npgsql";
            options.ConnectionString = connectionString;
        })
        .Configure<ClusterOptions>(options =>
        {
            options.ClusterId = builder.Configuration["Channels:Cluster:ClusterId"] ?? Name;
            options.ServiceId = Name;
        })
        // Silos may come back at other addresses. Orleans looks once a minute.
        .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(10))
        .UseConnectionRetryFilter(async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            return true;
        }));

    return await start.RunAsync(builder.Build(), app => app.MapChannelsApi());
});
