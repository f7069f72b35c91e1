using Channels.FakeProviders.Evolution;
using Channels.Proof.Ledgers;

namespace Channels.Proof;

/// <summary>One running product, its gateway and a tenant: what every scenario begins with.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly List<string> _secrets = [Writer.Mark, EvolutionBodies.InstanceToken];

    private readonly string? _connectionString;

    private Stage(FakeEvolution gateway, Product product, ChannelsClient tenant, string? connectionString) =>
        (Gateway, Product, Tenant, _connectionString) = (gateway, product, tenant, connectionString);

    public FakeEvolution Gateway { get; }

    public Product Product { get; }

    public ChannelsClient Tenant { get; }

    /// <param name="connectionString">The product's database; null for its own private server, as its users start it.</param>
    /// <param name="settings">Environment variables of the product's process.</param>
    public static async Task<Stage> SetAsync(string? connectionString = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var gateway = await FakeEvolution.StartAsync();
        gateway.KeepsCalls = false;
        Product? product = null;
        try
        {
            product = await Product.StartAsync(connectionString, settings);
            var stage = new Stage(gateway, product, await ChannelsClient.NewTenantAsync(product), connectionString);
            stage.KeepSecret(stage.Tenant.Key, product.OperatorKey, gateway.Options.ApiKey);
            return stage;
        }
        catch
        {
            await gateway.DisposeAsync();
            if (product is not null)
            {
                await product.DisposeAsync();
            }

            throw;
        }
    }

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
        var lines = Product.Log.Lines;
        return from secret in _secrets.Index()
               where secret.Item.Length > 0 && lines.Any(line => line.Contains(secret.Item, StringComparison.OrdinalIgnoreCase))
               select $"the product's log holds secret {secret.Index}";
    }

    public async ValueTask DisposeAsync()
    {
        Tenant.Dispose();
        await Product.DisposeAsync();
        await Gateway.DisposeAsync();
    }
}
