namespace Channels.Orleans.Conformance.Life;

public sealed class EndTests
{
    private readonly Stage _stage = new();
    private readonly string _key = SharedHost.NewKey();

    [Fact]
    public async Task A_host_that_stops_deactivates_its_grains()
    {
        var host = await SharedHost.StartAsync(_stage, _ => { });
        await host.Grains.GetGrain<ILiving>(_key).ActivationAsync();
        await host.Grains.GetGrain<ILiving>(_key + "b").ActivationAsync();

        await host.DisposeAsync();

        Assert.Equal(["activated", "deactivated ShuttingDown"], _stage.SeenOf(_key));
        Assert.Equal(["activated", "deactivated ShuttingDown"], _stage.SeenOf(_key + "b"));
    }

    [Fact]
    public async Task An_idle_grain_is_collected()
    {
        await using var host = await SharedHost.StartAsync(_stage, options =>
            (options.CollectionAge, options.CollectionQuantum) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)));
        var idle = host.Grains.GetGrain<ISleeper>(_key);
        var before = await idle.ActivationAsync();

        await _stage.Reached($"{_key} deactivated ActivationIdle");

        Assert.NotEqual(before, await idle.ActivationAsync());
    }
}
