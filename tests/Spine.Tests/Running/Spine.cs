using System.Text.Json;
using Channels.FakeProviders.Evolution;
using Channels.Testing;

namespace Channels.Spine.Tests.Running;

/// <summary>One running product, a gateway and a tenant for a test class. Channels are made per test, so tests do not meet.</summary>
public class Spine : IAsyncLifetime
{
    /// <summary>Stands in every text that tests send through a <see cref="Spine"/>: the log must not know it.</summary>
    internal const string Mark = "zqwords";

    /// <summary>The operator's, for the address of all channels.</summary>
    internal const string GlobalWebhookSecret = "global-webhook-secret-of-the-spine";

    private readonly PostgresFixture _databases = new();
    private readonly List<string> _secrets = [Mark, EvolutionBodies.InstanceToken];
    private int _numbers;

    /// <summary>The product's settings besides; null for its defaults.</summary>
    internal virtual IReadOnlyDictionary<string, string>? Settings => null;

    internal Product Product { get; private set; } = null!;

    internal FakeEvolution Gateway { get; private set; } = null!;

    internal ChannelsClient Tenant { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var database = await _databases.CreateDatabaseAsync();
        Gateway = await FakeEvolution.StartAsync();
        Product = await Product.StartAsync(
            database.ConnectionString, new Dictionary<string, string>(Settings ?? new Dictionary<string, string>()) { ["Channels__GlobalWebhookSecret"] = GlobalWebhookSecret });
        Tenant = await ChannelsClient.NewTenantAsync(Product);
        KeepSecret(GlobalWebhookSecret, Product.OperatorKey, Tenant.Key, Gateway.Options.ApiKey);
    }

    public async Task DisposeAsync()
    {
        Tenant?.Dispose();
        if (Product is not null)
        {
            await Product.DisposeAsync();
        }

        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        await _databases.DisposeAsync();
    }

    /// <summary>Everything that was told so far of this tenant's channels, of one type.</summary>
    internal async Task<IReadOnlyList<JsonElement>> EventsAsync(string type)
    {
        var events = new List<JsonElement>();
        for (var after = ""; ;)
        {
            var page = await Tenant.GetAsync($"/api/v1/events?limit=1000&after={after}");
            events.AddRange(page.GetProperty("events").EnumerateArray().Where(one => one.GetProperty("type").GetString() == type));
            if (!page.GetProperty("more").GetBoolean())
            {
                return events;
            }

            after = page.GetProperty("cursor").GetString();
        }
    }

    /// <summary>A word that is not in use yet, for names, numbers and ids.</summary>
    internal int Next() => Interlocked.Increment(ref _numbers);

    /// <summary>A contact's number nobody else uses.</summary>
    internal string NewNumber() => $"5491160{Next():000000}";

    internal void KeepSecret(params string[] secrets) => _secrets.AddRange(secrets);

    /// <summary>What tests end with: nothing secret has got into the log, up to here.</summary>
    internal void AssertNothingSecretWasLogged() => Product.Log.AssertAbsent(_secrets);

    /// <summary>A simulator channel, switched on.</summary>
    internal async Task<Channel> SimulatorAsync(object? agent = null)
    {
        var channel = await Tenant.CreateChannelAsync(new { name = "Simulator", channel_type = "simulator", identity = $"sim-{Next()}", agent = agent ?? new { kind = "echo" } });
        KeepSecret(channel.Secret);
        await channel.ActivateAsync();
        return channel;
    }

    /// <summary>An Evolution channel with an open instance of its own at the gateway; switched on unless told otherwise.</summary>
    internal async Task<EvolutionChannel> EvolutionAsync(object? agent = null, bool activate = true, object? policy = null, FakeEvolution? gateway = null, int sendTimeout = 20, string? identity = null)
    {
        var channel = await EvolutionChannel.CreateAsync(Tenant, gateway ?? Gateway, $"shop{Next()}", identity ?? $"5491150{Next():000000}", agent, policy, sendTimeout);
        KeepSecret(channel.Channel.Secret);
        if (activate)
        {
            await channel.Channel.ActivateAsync();
        }

        return channel;
    }
}

/// <summary>A test on a shared <see cref="Spine"/>: after each, the log is looked through for what must not be there.</summary>
public abstract class SpineTest(Spine spine) : IAsyncLifetime
{
    internal Spine Spine { get; } = spine;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Spine.AssertNothingSecretWasLogged();
        return Task.CompletedTask;
    }

    /// <summary>A text nobody else sends.</summary>
    internal string Words(string text = "hola") => $"{Spine.Mark} {text} {Spine.Next()}";
}
