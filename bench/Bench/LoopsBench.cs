using Channels.Bench.Load;
using Channels.Bench.Sides;
using Channels.Bench.Telling;

namespace Channels.Bench;

/// <summary>Full loops: a webhook in, recorded, answered by the echo agent, sent to the provider. First a backlog as fast as it goes, then a fixed rate for its latency.</summary>
internal static class LoopsBench
{
    private const double Goal = 2_000;
    private const double TimesTheBot = 10;

    public static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        var connections = options.Number("connections", 64);
        var messages = options.Number("messages", 20_000);
        var conversations = options.Number("conversations", 500);
        var rounds = options.Number("rounds", 3);
        var warmUp = options.Number("warm-up-messages", 40_000);

        Console.WriteLine("== loops: webhook in, echo agent, send to the provider ==");
        await using var provider = await Provider.StartAsync(cancellationToken);
        await using var product = await Product.StartAsync(options, cancellationToken);
        var channels = await ChannelsAsync(product, provider, options.Number("tenants", 5), options.Number("channels", 10), cancellationToken);
        await Conditions.PrintAsync(product, cancellationToken);
        Conditions.Load(connections);
        Conditions.Line("backlog", $"{rounds} x {messages:N0} webhooks of {conversations} conversations on {channels.Count} channels, posted as fast as they are acknowledged, after {warmUp:N0} more as a warm-up");

        var plan = new LoadPlan(
            [.. channels.Select(channel => new WebhookTemplate(product.Address, $"/webhooks/evolution/{channel.Id}", channel.Secret))], connections, conversations, 0);
        var run = new LoopsRun(provider, product, plan, channels, cancellationToken);
        await using var bot = options.Number("bot-messages", 4_000) > 0 ? await UsualBot.StartAsync(provider, cancellationToken) : null;
        var beside = bot is null ? null : new BotRun(
            bot, provider, plan with { Templates = [.. channels.Select(channel => new WebhookTemplate(bot.Address, $"/webhooks/evolution/{channel.Name}", UsualBot.Secret))] },
            options.Number("bot-messages", 4_000), cancellationToken);
        await run.BacklogAsync(warmUp, keep: false);
        await (beside?.BacklogAsync(keep: false) ?? Task.CompletedTask);
        for (var round = 0; round < rounds; round++)
        {
            await run.BacklogAsync(messages, keep: true);
            await (beside?.BacklogAsync(keep: true) ?? Task.CompletedTask);
        }

        var rate = options.Number("rate", (int)(run.Rate / 2));
        await run.SteadyAsync(rate, TimeSpan.FromSeconds(options.Number("seconds", 15)));
        var isReached = await run.TellAsync(Goal);
        if (beside is not null)
        {
            isReached &= beside.Tell(run.Rate, TimesTheBot);
        }

        return isReached ? 0 : 1;
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
