using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>How many webhooks a second are acknowledged durably on record-only channels, beside a bare endpoint and one with a transaction per webhook, in alternating rounds.</summary>
internal static class AckBench
{
    private const double Goal = 0.60;
    private const double SteadyGoal = 50;

    /// <summary>Contacts who write to one channel.</summary>
    internal const int ContactsPerChannel = 20;

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var connections = options.Number("connections", 256);
        var seconds = options.Number("seconds", 8);
        var rounds = options.Number("rounds", 3);
        var drainLimit = TimeSpan.FromSeconds(options.Number("drain-limit", 120));

        Console.WriteLine("== ack: durable acknowledgements on record-only channels, beside a bare Kestrel endpoint and one with a transaction per webhook ==");
        var (bare, bareAddress) = await BareEndpoint.StartAsync(cancellationToken);
        await using var ownBare = bare;
        await using var product = await Product.StartAsync(options, cancellationToken);
        var (oneTransaction, oneTransactionAddress) = await OneTransactionEndpoint.StartAsync(product, cancellationToken);
        await using var ownOneTransaction = oneTransaction;
        await using var provider = options.Text("agent", "none") is "echo" ? await Provider.StartAsync(cancellationToken) : null;
        var channels = await ChannelsAsync(product, provider, options.Number("tenants", 4), options.Number("channels", 25), cancellationToken);
        await Conditions.PrintAsync(product, cancellationToken);
        Conditions.Load(connections);
        Conditions.Line("rounds", $"{rounds} x {seconds} s each, alternating, after a warm-up of each; the product's inbox is empty before each");
        Conditions.Line("channels", $"{channels.Count} {(provider is null ? "record-only channels" : "channels that answer (echo agent, fake gateway)")}, {channels.Count * ContactsPerChannel} contacts");

        LoadPlan Yardstick(Uri address) => new([new WebhookTemplate(address, "/webhooks/evolution/00000000-0000-0000-0000-000000000000", new string('s', 24))], connections, connections, 0);
        var productLoad = new LoadPlan(
            [.. channels.Select(channel => new WebhookTemplate(product.Address, $"/webhooks/evolution/{channel.Id}", channel.Secret))],
            connections, channels.Count * ContactsPerChannel, 0);
        var run = new AckRun(
            new AckYardstick(bare, bareAddress, Yardstick(bareAddress)), new AckYardstick(oneTransaction, oneTransactionAddress, Yardstick(oneTransactionAddress)),
            product, productLoad, drainLimit, cancellationToken);
        // The product is the largest of the three, and longest compiled for what it really does.
        await run.BareAsync(TimeSpan.FromSeconds(3));
        await run.OneTransactionAsync(TimeSpan.FromSeconds(3));
        await run.ProductAsync(TimeSpan.FromSeconds(options.Number("warm-up", 20)));
        for (var round = 0; round < rounds; round++)
        {
            await run.RoundAsync(TimeSpan.FromSeconds(seconds));
        }

        var steady = await run.SteadyAsync(TimeSpan.FromSeconds(options.Number("steady", 10)), options.Number("rate", 0));
        return await run.TellAsync(Goal, steady, SteadyGoal) ? 0 : 1;
    }

    /// <summary>So many channels per tenant: record-only, or with an echo agent on a gateway.</summary>
    internal static async Task<List<BenchChannel>> ChannelsAsync(Product product, Provider? provider, int tenants, int perTenant, CancellationToken cancellationToken)
    {
        var channels = new List<BenchChannel>();
        for (var tenant = 0; tenant < tenants; tenant++)
        {
            var owner = await product.AddTenantAsync($"tenant {tenant}", cancellationToken);
            for (var channel = 0; channel < perTenant; channel++)
            {
                var name = $"shop-{tenant}-{channel}";
                await (provider?.AddInstanceAsync(name, cancellationToken) ?? Task.CompletedTask);
                // Record-only: nothing is ever sent to the gateway, so it need not exist.
                channels.Add(await product.AddChannelAsync(
                    owner, name, $"44780{tenant:D3}{channel:D4}", provider is null ? "none" : "echo", provider?.Address ?? new Uri("http://127.0.0.1:9"), activate: provider is not null, cancellationToken));
            }
        }

        return channels;
    }
}
