using Channels.Proof.Ledgers;

namespace Channels.Proof.Pouring;

/// <summary>Two tenants of one product: one floods, the other posts a few messages a second.</summary>
internal sealed class Neighbours : IAsyncDisposable
{
    /// <summary>Messages a second of the quiet one.</summary>
    public const int Rate = 40;

    private const int FloodChannels = 10;
    private const int FloodConnections = 256;
    private static readonly TimeSpan LongestComparison = TimeSpan.FromMinutes(10);

    private readonly Course _course;
    private readonly Product _product;
    private readonly List<ChannelsClient> _tenants = [];
    private Flood? _flood;
    private Trickle? _quiet;

    private Neighbours(Course course, Product product) => (_course, _product) = (course, product);

    public Flood Flood => _flood!;

    public Trickle Quiet => _quiet!;

    /// <summary>Makes both, and has them write for a moment: code is compiled and pools are filled, which is no tenant's doing.</summary>
    public static async Task<Neighbours> SetAsync(Stage stage, Course course, int quietChannels)
    {
        var neighbours = new Neighbours(course, stage.Product);
        try
        {
            neighbours._flood = await Flood.StartAsync(stage, await neighbours.TenantAsync(stage, "noisy"), FloodChannels, FloodConnections, contacts: FloodConnections);
            var tenant = await neighbours.TenantAsync(stage, "quiet");
            var shops = new List<EvolutionChannel>();
            for (var n = 0; n < quietChannels; n++)
            {
                shops.Add(await stage.ShopAsync($"quiet-{n}", $"5491150001{n:000}", tenant: tenant));
            }

            neighbours._quiet = new Trickle(stage.Product, shops, Rate);
            await Task.WhenAll(
                neighbours.Quiet.PostAsync(TimeSpan.FromSeconds(course.Size(full: 10, brief: 2))),
                neighbours.Flood.PourAsync(stage.Product.Address, TimeSpan.FromSeconds(2), course.Size(full: 20_000, brief: 1_000)));
            await neighbours.Flood.EmptyAsync();
            return neighbours;
        }
        catch
        {
            await neighbours.DisposeAsync();
            throw;
        }
    }

    /// <summary>The quiet one posts for so long, beside the flood.</summary>
    public async Task<(Waits Beside, FloodResult Flood)> BesideAsync(TimeSpan length)
    {
        // The flood begins first and ends last.
        var pouring = Flood.PourAsync(_product.Address, length + TimeSpan.FromSeconds(1), _course.Brief ? 6_000 : long.MaxValue);
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        var beside = await Quiet.PostAsync(length);
        return (beside, await pouring);
    }

    /// <summary>The ledgers of both.</summary>
    public async Task<IReadOnlyList<Tally>> CompareAsync()
    {
        List<Tally> tallies = [await Flood.CompareAsync(LongestComparison)];
        foreach (var writers in Quiet.Writers.GroupBy(writer => writer.Channel))
        {
            tallies.Add(await Comparison.OfAsync("", [.. writers]));
        }

        return [tallies[0], Tally.Sum("the quiet tenant", [.. tallies.Skip(1)])];
    }

    public async ValueTask DisposeAsync()
    {
        if (_flood is not null)
        {
            await _flood.DisposeAsync();
        }

        _tenants.ForEach(tenant => tenant.Dispose());
    }

    private async Task<ChannelsClient> TenantAsync(Stage stage, string name)
    {
        _tenants.Add(await ChannelsClient.NewTenantAsync(stage.Product, name));
        stage.KeepSecret(_tenants[^1].Key);
        return _tenants[^1];
    }
}
