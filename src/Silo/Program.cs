using Channels.Agents;
using Channels.Api;
using Channels.Connectors;
using Channels.Core.Egress;
using Channels.Grains;
using Channels.Silo;
using Channels.Storage;

// The host: by default everything in one process, a private Postgres included. Reads as the message path does.
return await HostStart.RunAsync(async () =>
{
    var builder = WebApplication.CreateBuilder(ChannelsHost.Options(args));
    builder.UseChannelsDefaults();
    builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning); // Greeting says it
    var start = new HostStart(builder.Logging);
    await using var store = await Store.OpenAsync(builder.Configuration, TimeProvider.System);
    builder.Services.AddStore(store);                      // Postgres: ours or theirs, migrated
    builder.Services.AddChannelsApi(builder.Configuration); // 1 enters
    builder.Services.AddInbox();                            // 2 durable
    builder.Services.AddEgressRules(builder.Configuration);
    builder.Services.AddConnectors(builder.Configuration);  // 3 normalised, 6 sent
    builder.Services.AddGuardedHttpClient(ProviderHttp.ClientName);
    builder.Services.AddMessagePath();                      // 4 recorded
    builder.Services.AddAgents();                           // 5 answered
    builder.Services.AddChannelsGrains(builder.Configuration);
    builder.AddGrainRuntime(store);                         // Hosting.InProcess.cs or Hosting.Orleans.cs
    builder.Services.AddTurnsEnd();                         // before the grains stop
    builder.Services.AddHostedService<PartitionStart>();
    builder.Services.AddHostedService<Greeting>();

    return await start.RunAsync(builder.Build(), app => app.MapChannelsApi());
});
