using Channels.Grains;
using Channels.Storage;
using Orleans.Hosting;

namespace Channels.Silo;

/// <summary>The default build: grains run in this process, on the in-process runtime.</summary>
internal static class Hosting
{
    public static void AddGrainRuntime(this WebApplicationBuilder builder, Store store)
    {
        _ = store;
        var age = CollectionAge.Of(builder.Configuration);
        builder.Services.AddInProcessGrains(grains =>
        {
            grains.ServiceId = "channels";
            grains.CollectionAge = age;
            grains.Assemblies.Add(typeof(GrainServices).Assembly);
        });
        builder.Services.AddPostgresGrainStorage();
        builder.Services.AddArrivals();
    }
}
