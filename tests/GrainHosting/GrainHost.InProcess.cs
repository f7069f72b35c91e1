using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;

namespace Channels.GrainHosting;

/// <summary>A host with nothing but grains in it, on the runtime that the build is made for. This file: the in-process one.</summary>
public sealed class GrainHost : IAsyncDisposable
{
    private readonly IHost _host;

    private GrainHost(IHost host) => _host = host;

    /// <summary>Makes references, as code outside grains does.</summary>
    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    /// <summary>The services the grains see.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Starts a host; dispose it to stop it gracefully.</summary>
    public static async Task<GrainHost> StartAsync(Action<GrainHostOptions> configure)
    {
        var wanted = new GrainHostOptions();
        configure(wanted);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddInProcessGrains(options =>
        {
            foreach (var assembly in wanted.Assemblies)
            {
                options.Assemblies.Add(assembly);
            }

            options.ServiceId = wanted.ServiceId;
            options.ResponseTimeout = wanted.ResponseTimeout;
            options.CollectionAge = wanted.CollectionAge;
            options.CollectionQuantum = wanted.CollectionQuantum;
            options.MinimumReminderPeriod = wanted.MinimumReminderPeriod;
        });
        if (wanted.Database is { } database)
        {
            builder.Services.AddSingleton(database);
            builder.Services.AddPostgresGrainStorage();
        }
        else
        {
            builder.Services.AddMemoryGrainStorage();
        }

        wanted.Services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new(host);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
