using System.Text.Json;
using Channels.GrainHosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Storage;

namespace Channels.Orleans.Conformance;

/// <summary>One host for all tests that need nothing special.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    private static int s_numbers;

    private GrainHost? _host;

    public Stage Stage { get; } = new();

    public IGrainFactory Grains => _host!.Grains;

    public IServiceProvider Services => _host!.Services;

    /// <summary>Another number each time.</summary>
    public static int NewNumber() => Interlocked.Increment(ref s_numbers);

    /// <summary>A key that no other test uses, and that storage does not take for a number.</summary>
    public static string NewKey() => $"key/{NewNumber()}";

    /// <summary>A host of one's own, with the stage in it.</summary>
    public static Task<GrainHost> StartAsync(Stage stage, Action<GrainHostOptions> configure) => GrainHost.StartAsync(options =>
    {
        options.Assemblies.Add(typeof(SharedHost).Assembly);
        options.Services = services =>
        {
            services.AddSingleton(stage);
            services.AddSingleton<IGrainStorageSerializer, JsonStates>();
        };
        configure(options);
    });

    public async Task InitializeAsync() => _host = await StartAsync(Stage, options =>
    {
        options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(500);
        options.Services += services => services
            .AddSingleton<IIncomingGrainCallFilter, Filters.NotingFilter>()
            .AddKeyedSingleton<IGrainStorage, State.FaultyStorage>("faulty");
    });

    public async Task DisposeAsync() => await _host!.DisposeAsync();

    /// <summary>The serialiser both builds of the product use.</summary>
    private sealed class JsonStates : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input));

        public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input);
    }
}

[CollectionDefinition(Name)]
public sealed class OnSharedHost : ICollectionFixture<SharedHost>
{
    public const string Name = "shared host";
}
