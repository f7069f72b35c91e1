using System.Diagnostics.Metrics;
using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Storage.Channels;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Maintenance;
using Channels.Storage.Media;
using Channels.Storage.Parked;
using Channels.Storage.Secrets;
using Channels.Storage.Tenancy;
using Channels.Storage.Tests.Parked;
using Channels.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Channels.Storage.Tests.Database;

/// <summary>What runs beside the message path outlives whatever keeps the store away: a service that lets a failure out ends the whole product.</summary>
public sealed class OutlivingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [PostgresTheory]
    [InlineData("Host=nowhere.invalid;Database=channels;Username=channels")]
    [InlineData(null)]
    public async Task A_database_that_is_not_found_ends_no_service(string? given)
    {
        // By no name server, or by its server: renamed, as while a dump is put in its place.
        var found = (await postgres.CreateDatabaseAsync()).ConnectionString;
        await using var database = new ChannelsDatabase(given ?? new NpgsqlConnectionStringBuilder(found) { Database = "renamed" }.ConnectionString);
        await using var store = await ParkedStore.OpenAsync(postgres);
        using var key = TemporaryDirectory.Create();
        using var signal = new ReplaySignal();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var clock = new ManualClock();
        var log = new LogCollector();
        var traffic = new InboxTraffic(clock);
        var vault = new SecretVault(new DataKeys(new TenantScope(database.Requests), MasterKey.Load(new KeyOptions { DataDirectory = key.Path }), clock));
        var directory = new ChannelDirectory(database.Requests, vault, new PublicAddress(() => new Uri("http://localhost")), clock, log.For<ChannelDirectory>());
        BackgroundService[] all =
        [
            new Housekeeping(
                database, new MediaTrimming(key.Path, database.Requests), Options.Create(new RetentionOptions()), new MaintenanceInstruments(services.GetRequiredService<IMeterFactory>()), clock,
                log.For<Housekeeping>()),
            new InboxReclaiming(database, clock, log.For<InboxReclaiming>()),
            new ParkedCounts(database, clock, log.For<ParkedCounts>()),
            new ReplayRunner(database.Requests, signal, store, new IdSource(clock), clock, log.For<ReplayRunner>()),
            new ChannelChanges(database.Requests, directory, new ChannelNames(database.Requests, clock, log.For<ChannelNames>()), clock, log.For<ChannelChanges>()),
            new PressureNews(database, traffic, new ClusterPressure(traffic, clock), new IdSource(clock), clock, log.For<PressureNews>()),
        ];

        foreach (var service in all)
        {
            await service.StartAsync(default);
        }

        await Eventually.TrueAsync(
            "a line of each service",
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return all.All(service => service.ExecuteTask!.IsCompleted || log.Entries.Any(entry => entry.Category == service.GetType().FullName));
            },
            TimeSpan.FromSeconds(60));
        Assert.All(all, service => Assert.False(service.ExecuteTask!.IsCompleted, service.GetType().Name));
        foreach (var service in all)
        {
            await service.StopAsync(default);
            service.Dispose();
        }
    }
}
