using System.Globalization;
using Channels.FakeProviders.Evolution;
using Channels.Spine.Tests.Running;
using Channels.Testing;
using Xunit.Abstractions;

namespace Channels.Spine.Tests;

/// <summary>The product's process is taken away under load, with its own private Postgres beside it.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("CHANNELS_PROOF") == "full";
    private static readonly int Rounds = Full ? 20 : 4;
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("CHANNELS_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : Random.Shared.Next();

    [PostgresFact]
    public async Task Killed_at_random_instants_nothing_acknowledged_is_lost_and_every_double_is_marked()
    {
        var random = new Random(Seed);
        output.WriteLine($"{Rounds} rounds, CHANNELS_SEED={Seed}");
        await using var faithful = await FakeEvolution.StartAsync();
        await using var forgetful = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        faithful.Behaviour = new FakeBehaviour { Echo = FakeEcho.AfterAnswer };
        forgetful.Behaviour = new FakeBehaviour { Echo = FakeEcho.BeforeAnswer };
        await using var product = await Product.StartAsync();
        var stage = await Stage.SetAsync(product, faithful, forgetful);
        await using var load = new Load(stage.Writers);
        load.Begin();

        for (var round = 1; round <= Rounds; round++)
        {
            var instant = TimeSpan.FromMilliseconds(random.Next(50, 1800));
            await Task.Delay(instant);
            await product.KillAsync();
            output.WriteLine($"round {round}: killed after {instant.TotalMilliseconds:0} ms; {load.Acknowledged} acknowledged so far, {load.Refused} attempts refused");
            await product.StartAgainAsync();
        }

        await load.EndAsync();
        await stage.CheckAsync(output, (ledger, what) => ledger.AssertNothingLostAndDoublesMarked(what));
        product.Log.AssertAbsent(stage.Secrets);
    }

    [PostgresFact]
    public async Task Asked_to_stop_under_load_it_ends_in_time_and_neither_loses_nor_doubles()
    {
        await using var faithful = await FakeEvolution.StartAsync();
        await using var forgetful = await FakeEvolution.StartAsync(new FakeEvolutionOptions { StoresMessages = false });
        await using var product = await Product.StartAsync();
        var stage = await Stage.SetAsync(product, faithful, forgetful);
        await using var load = new Load(stage.Writers);
        load.Begin();

        for (var round = 1; round <= 2; round++)
        {
            await Until.TrueAsync("some load", () => load.Acknowledged > round * 150);
            var (code, after) = await product.StopAsync(TimeSpan.FromSeconds(45));
            output.WriteLine($"ended with {code} after {after.TotalSeconds:0.0} s; {load.Acknowledged} acknowledged");
            Assert.True(code == 0, $"ended with code {code}:\n{product.Log.Tail()}");
            await product.StartAgainAsync();
        }

        await load.EndAsync();
        await stage.CheckAsync(output, (ledger, what) =>
        {
            ledger.AssertNothingLostAndDoublesMarked(what);
            Assert.True(ledger.Doubled.Count == 0 && ledger.Marked == 0, $"{what}: {ledger}");
        });
    }

    /// <summary>Three channels under one load: a gateway that can be asked what it sent, one that cannot, and no gateway at all.</summary>
    private sealed record Stage(EvolutionChannel Faithful, EvolutionChannel Forgetful, Channel Simulator, IReadOnlyList<Writer> Writers, IReadOnlyList<string> Secrets)
    {
        public static async Task<Stage> SetAsync(Product product, FakeEvolution faithful, FakeEvolution forgetful)
        {
            var tenant = await ChannelsClient.NewTenantAsync(product);
            var first = await EvolutionChannel.CreateAsync(tenant, faithful, "faithful", "5491150000001");
            var second = await EvolutionChannel.CreateAsync(tenant, forgetful, "forgetful", "5491150000002");
            var simulator = await tenant.CreateChannelAsync(new { name = "Simulator", channel_type = "simulator", identity = "sim", agent = new { kind = "echo" } });
            foreach (var channel in (Channel[])[first.Channel, second.Channel, simulator])
            {
                await channel.ActivateAsync();
            }

            IReadOnlyList<Writer> writers =
            [
                .. Enumerable.Range(1, 3).Select(n => Writer.Customer(first, $"549116100000{n}")),
                .. Enumerable.Range(1, 3).Select(n => Writer.Customer(second, $"549116200000{n}")),
                .. Enumerable.Range(1, 3).Select(n => Writer.Simulated(simulator, $"549116300000{n}")),
            ];
            return new Stage(
                first, second, simulator, writers,
                [Running.Spine.Mark, EvolutionBodies.InstanceToken, tenant.Key, product.OperatorKey, faithful.Options.ApiKey, first.Channel.Secret, second.Channel.Secret, simulator.Secret]);
        }

        public async Task CheckAsync(ITestOutputHelper output, Action<Ledger, string> check)
        {
            var results = new List<(string What, Ledger Ledger)>();
            foreach (var (what, channel, shop) in new (string, Channel, EvolutionChannel?)[]
            {
                ("a gateway that remembers", Faithful.Channel, Faithful), ("a gateway that forgets", Forgetful.Channel, Forgetful), ("the simulator", Simulator, null),
            })
            {
                var ledger = await Ledger.OfAsync(channel, [.. Writers.Where(writer => writer.Channel == channel)], shop);
                output.WriteLine($"{what}: {ledger}");
                results.Add((what, ledger));
            }

            Assert.All(results, result => check(result.Ledger, result.What));
        }
    }
}
