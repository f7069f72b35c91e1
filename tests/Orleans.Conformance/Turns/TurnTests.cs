namespace Channels.Orleans.Conformance.Turns;

[Collection(OnSharedHost.Name)]
public sealed class TurnTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private IHolding Grain => host.Grains.GetGrain<IHolding>(_key);

    [Fact]
    public async Task A_second_call_waits_until_the_first_has_ended()
    {
        var first = Grain.HoldAsync("first");
        await host.Stage.Reached($"{_key} first in");
        var second = Grain.HoldAsync("second");
        await Grain.PingAsync();

        Assert.False(host.Stage.Saw($"{_key} second in"));

        host.Stage.Open($"{_key} second");
        host.Stage.Open($"{_key} first");
        await Task.WhenAll(first, second);
        Assert.Equal(["first in", "first out", "second in", "second out"], host.Stage.SeenOf(_key));
    }

    [Fact]
    public async Task An_always_interleaving_method_enters_a_busy_grain()
    {
        var busy = Grain.HoldAsync("busy");
        await host.Stage.Reached($"{_key} busy in");

        Assert.Equal("pong", await Grain.PingAsync());

        host.Stage.Open($"{_key} busy");
        await busy;
    }

    [Fact]
    public async Task A_running_interleaving_call_does_not_hold_up_an_ordinary_one()
    {
        var interleaving = Grain.HoldInterleavingAsync("interleaving");
        await host.Stage.Reached($"{_key} interleaving in");

        host.Stage.Open($"{_key} ordinary");
        await Grain.HoldAsync("ordinary");

        host.Stage.Open($"{_key} interleaving");
        await interleaving;
    }

    [Fact]
    public async Task Read_only_methods_run_beside_each_other_but_not_beside_others()
    {
        var one = Grain.HoldReadingAsync("one");
        await host.Stage.Reached($"{_key} one in");
        var writing = Grain.HoldAsync("writing");
        var two = Grain.HoldReadingAsync("two");
        await host.Stage.Reached($"{_key} two in");

        Assert.False(host.Stage.Saw($"{_key} writing in"));

        host.Stage.Open($"{_key} writing");
        host.Stage.Open($"{_key} two");
        host.Stage.Open($"{_key} one");
        await Task.WhenAll(one, two, writing);
    }

    [Fact]
    public async Task Calls_of_a_reentrant_class_interleave()
    {
        var grain = host.Grains.GetGrain<ITally>(_key);
        var held = grain.HoldAsync("held");
        await host.Stage.Reached($"{_key} held in");

        Assert.Equal(0, await grain.SumAsync());

        host.Stage.Open($"{_key} held");
        await held;
    }

    [Fact]
    public async Task Interleaved_turns_never_run_at_the_same_time()
    {
        var grain = host.Grains.GetGrain<ITally>(_key);

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => Task.Run(grain.AddAsync)));

        Assert.Equal(2000, await grain.SumAsync());
    }

    [Fact]
    public async Task Continuations_come_back_to_the_grain() => Assert.True(await Grain.ComesBackAsync());

    [Fact]
    public async Task A_call_back_into_a_waiting_grain_times_out()
    {
        var grain = host.Grains.GetGrain<ICircle>(_key);

        await Assert.ThrowsAsync<TimeoutException>(() => grain.GoRoundAsync(_key + "other", allowed: false));
    }

    [Fact]
    public async Task A_call_to_oneself_through_a_reference_times_out() =>
        await Assert.ThrowsAsync<TimeoutException>(() => host.Grains.GetGrain<ICircle>(_key).CallMyselfAsync());

    [Fact]
    public async Task A_call_chain_that_is_allowed_to_may_come_back()
    {
        var grain = host.Grains.GetGrain<ICircle>(_key);

        Assert.Equal("round", await grain.GoRoundAsync(_key + "other", allowed: true));
    }
}
