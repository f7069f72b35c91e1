using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof;

/// <summary>One running product, its gateway and a tenant: what every scenario begins with.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly List<string> _secrets = [Writer.Mark, EvolutionBodies.InstanceToken];

    private readonly string? _connectionString;

    // What belongs to it besides the product that is asked: a cluster's other processes.
    private readonly Cluster? _cluster;

    private Stage(FakeEvolution gateway, Product product, ChannelsClient tenant, string? connectionString, Cluster? cluster) =>
        (Gateway, Product, Tenant, _connectionString, _cluster) = (gateway, product, tenant, connectionString, cluster);

    public FakeEvolution Gateway { get; }

    /// <summary>Whom everybody talks to: the product, or a cluster's front end.</summary>
    public Product Product { get; }

    public ChannelsClient Tenant { get; }

    /// <param name="connectionString">The product's database; null for its own private server, as its users start it.</param>
    /// <param name="settings">Environment variables of the product's process.</param>
    public static async Task<Stage> SetAsync(string? connectionString = null, IReadOnlyDictionary<string, string>? settings = null) =>
        await SetAsync(await Product.StartAsync(connectionString, settings), connectionString, cluster: null);

    /// <summary>The same with a cluster, which ends with the stage.</summary>
    public static Task<Stage> SetAsync(Cluster cluster) => SetAsync(cluster.FrontEnd, cluster.ConnectionString, cluster);

    /// <summary>An Evolution channel, switched on, with an instance of its own at the gateway.</summary>
    public async Task<EvolutionChannel> ShopAsync(
        string name, string identity, object? agent = null, object? policy = null, int sendTimeout = 20, FakeEvolution? gateway = null, ChannelsClient? tenant = null)
    {
        var shop = await EvolutionChannel.CreateAsync(tenant ?? Tenant, gateway ?? Gateway, name, identity, agent, policy, sendTimeout);
        KeepSecret(shop.Channel.Secret);
        await shop.Channel.ActivateAsync();
        return shop;
    }

    /// <summary>A simulator channel, switched on.</summary>
    public async Task<Channel> SimulatorAsync(string name, object? agent = null)
    {
        var channel = await Tenant.CreateChannelAsync(new { name, channel_type = "simulator", identity = name, agent = agent ?? new { kind = "echo" } });
        KeepSecret(channel.Secret);
        await channel.ActivateAsync();
        return channel;
    }

    /// <summary>What the product's database says about waiting for the disk.</summary>
    public Task<string> StoreAsync() => Conditions.StoreAsync(_connectionString ?? Product.PrivateConnectionString);

    public void KeepSecret(params string[] secrets) => _secrets.AddRange(secrets);

    /// <summary>What the product's log must not hold, and does.</summary>
    public IEnumerable<string> LogComplaints()
    {
        IReadOnlyList<string> lines = [.. Product.Log.Lines, .. _cluster?.Silos.SelectMany(silo => silo.Log.Lines) ?? []];
        return from secret in _secrets.Index()
               where secret.Item.Length > 0 && lines.Any(line => line.Contains(secret.Item, StringComparison.OrdinalIgnoreCase))
               select $"the product's log holds secret {secret.Index}";
    }

    public async ValueTask DisposeAsync()
    {
        Tenant.Dispose();
        await EndAsync(Product, _cluster);
        await Gateway.DisposeAsync();
    }

    private static async Task<Stage> SetAsync(Product product, string? connectionString, Cluster? cluster)
    {
        FakeEvolution? gateway = null;
        try
        {
            gateway = await FakeEvolution.StartAsync();
            gateway.KeepsCalls = false;
            var stage = new Stage(gateway, product, await ChannelsClient.NewTenantAsync(product), connectionString, cluster);
            stage.KeepSecret(stage.Tenant.Key, product.OperatorKey, gateway.Options.ApiKey);
            return stage;
        }
        catch
        {
            if (gateway is not null)
            {
                await gateway.DisposeAsync();
            }

            await EndAsync(product, cluster);
            throw;
        }
    }

    private static ValueTask EndAsync(Product product, Cluster? cluster) => cluster?.DisposeAsync() ?? product.DisposeAsync();
}
