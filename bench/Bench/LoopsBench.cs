using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>Full loops: a webhook in, recorded, answered by the echo agent, sent to the provider. First a backlog as fast as it goes, then a fixed rate for its latency.</summary>
internal static class LoopsBench
{
    private const double Goal = 2_000;

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var connections = options.Number("connections", 64);
        var messages = options.Number("messages", 20_000);
        var conversations = options.Number("conversations", 500);
        var rounds = options.Number("rounds", 3);

        Console.WriteLine("== loops: webhook in, echo agent, send to the provider ==");
        await using var provider = await Provider.StartAsync(cancellationToken);
        await using var product = await Product.StartAsync(options, cancellationToken);
        var channels = await ChannelsAsync(product, provider, options.Number("tenants", 5), options.Number("channels", 10), cancellationToken);
        await Conditions.PrintAsync(product, cancellationToken);
        Conditions.Load(connections);
        Conditions.Line("backlog", $"{rounds} x {messages:N0} webhooks of {conversations} conversations on {channels.Count} channels, posted as fast as they are acknowledged, after a warm-up");

        var plan = new LoadPlan(
            [.. channels.Select(channel => new WebhookTemplate(product.Address, $"/webhooks/evolution/{channel.Id}", channel.Secret))], connections, conversations, 0);
        var run = new LoopsRun(provider, product, plan, channels, cancellationToken);
        await run.BacklogAsync(messages / 4, keep: false);
        for (var round = 0; round < rounds; round++)
        {
            await run.BacklogAsync(messages, keep: true);
        }

        var rate = options.Number("rate", (int)(run.Rate / 2));
        await run.SteadyAsync(rate, TimeSpan.FromSeconds(options.Number("seconds", 15)));
        return await run.TellAsync(Goal) ? 0 : 1;
    }

    /// <summary>Echo channels on the gateway, so many per tenant.</summary>
    internal static async Task<List<BenchChannel>> ChannelsAsync(Product product, Provider provider, int tenants, int perTenant, CancellationToken cancellationToken)
    {
        var channels = new List<BenchChannel>();
        for (var tenant = 0; tenant < tenants; tenant++)
        {
            var owner = await product.AddTenantAsync($"tenant {tenant}", cancellationToken);
            for (var channel = 0; channel < perTenant; channel++)
            {
                var name = $"shop-{tenant}-{channel}";
                await provider.AddInstanceAsync(name, cancellationToken);
                channels.Add(await product.AddChannelAsync(owner, name, $"44780{tenant:D3}{channel:D4}", "echo", provider.Address, activate: true, cancellationToken));
            }
        }

        return channels;
    }
}
