using Orleans;
using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Timers;

public interface ITicking : IGrainWithStringKey
{
    Task StartAsync(string name, bool interleave);

    Task StartHoldingAsync(string name, bool interleave);

    Task StopAsync();

    Task HoldAsync(string gate);

    Task LeaveAsync();
}

public sealed class TickingGrain(Stage stage) : Grain, ITicking
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    private IGrainTimer? _timer;
    private int _ticks;

    private string Key => this.GetPrimaryKeyString();

    public Task StartAsync(string name, bool interleave)
    {
        RequestContext.Set("colour", "green");
        _timer = this.RegisterGrainTimer(
            _ =>
            {
                stage.Report($"{Key} {name} {++_ticks}{RequestContext.Get("colour")}");
                return _ticks == 1 ? throw new InvalidOperationException("the first tick fails") : Task.CompletedTask;
            },
            new GrainTimerCreationOptions { DueTime = Soon, Period = Soon, Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StartHoldingAsync(string name, bool interleave)
    {
        _timer = this.RegisterGrainTimer(
            async cancellation =>
            {
                stage.Report($"{Key} {name} in {++_ticks}");
                await stage.Pass($"{Key} {name}").WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                stage.Report($"{Key} {name} out {_ticks}{(cancellation.IsCancellationRequested ? " cancelled" : "")}");
            },
            new GrainTimerCreationOptions { DueTime = Soon, Period = Soon, Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StopAsync()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task HoldAsync(string gate)
    {
        stage.Report($"{Key} {gate} in");
        await stage.Pass($"{Key} {gate}");
        stage.Report($"{Key} {gate} out");
    }

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        stage.Report($"{Key} gone");
        return Task.CompletedTask;
    }
}

[Collection(OnSharedHost.Name)]
public sealed class TimerTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private ITicking Grain => host.Grains.GetGrain<ITicking>(_key);

    [Fact]
    public async Task A_timer_goes_on_after_a_tick_that_throws_and_knows_no_request_context()
    {
        await Grain.StartAsync("tick", interleave: false);

        await host.Stage.Reached($"{_key} tick 3");

        Assert.Equal(["tick 1", "tick 2", "tick 3"], host.Stage.SeenOf(_key).Take(3));
        await Grain.StopAsync();
    }

    [Fact]
    public async Task A_tick_waits_for_the_running_call()
    {
        await Grain.StartAsync("tick", interleave: false);
        var held = Grain.HoldAsync("call");
        await host.Stage.Reached($"{_key} call in");
        await host.Grains.GetGrain<ITicking>(_key + "other").StartAsync("tick", interleave: false);
        await host.Stage.Reached($"{_key}other tick 3");

        host.Stage.Open($"{_key} call");
        await held;
        await host.Stage.Reached($"{_key} tick 2");

        var seen = host.Stage.SeenOf(_key).ToList();
        Assert.Equal(seen.IndexOf("call in") + 1, seen.IndexOf("call out"));
    }

    [Fact]
    public async Task A_call_waits_for_the_running_tick()
    {
        await Grain.StartHoldingAsync("tick", interleave: false);
        await host.Stage.Reached($"{_key} tick in 1");
        host.Stage.Open($"{_key} call");
        var call = Grain.HoldAsync("call");
        Assert.False(call.IsCompleted);

        host.Stage.Open($"{_key} tick");
        await call;

        var seen = host.Stage.SeenOf(_key).ToList();
        Assert.True(seen.IndexOf("tick out 1") < seen.IndexOf("call in"));
    }

    [Fact]
    public async Task An_interleaving_tick_enters_a_busy_grain()
    {
        var held = Grain.HoldAsync("first");
        await host.Stage.Reached($"{_key} first in");
        host.Stage.Open($"{_key} first");
        await held;
        await Grain.StartAsync("tick", interleave: true);
        var second = Grain.HoldAsync("second");
        await host.Stage.Reached($"{_key} second in");

        await host.Stage.Reached($"{_key} tick 30");

        host.Stage.Open($"{_key} second");
        await second;
    }

    [Fact]
    public async Task Ticks_of_one_timer_never_overlap()
    {
        await Grain.StartHoldingAsync("tick", interleave: true);
        await host.Stage.Reached($"{_key} tick in 1");
        var other = host.Grains.GetGrain<ITicking>(_key + "other");
        await other.StartAsync("tick", interleave: false);
        await host.Stage.Reached($"{_key}other tick 4");

        host.Stage.Open($"{_key} tick");
        await host.Stage.Reached($"{_key} tick out 2");

        Assert.Equal(["tick in 1", "tick out 1", "tick in 2", "tick out 2"], host.Stage.SeenOf(_key).Take(4));
    }

    [Fact]
    public async Task A_timer_dies_with_its_activation()
    {
        await Grain.StartAsync("tick", interleave: false);
        await host.Stage.Reached($"{_key} tick 2");
        await Grain.LeaveAsync();
        await host.Stage.Reached($"{_key} gone");
        var ticks = host.Stage.SeenOf(_key).Count;

        var other = host.Grains.GetGrain<ITicking>(_key + "other");
        await other.StartAsync("tick", interleave: false);
        await host.Stage.Reached($"{_key}other tick 5");

        Assert.Equal(ticks, host.Stage.SeenOf(_key).Count);
    }

    [Fact]
    public async Task Filters_see_the_ticks()
    {
        await Grain.StartAsync("tick", interleave: false);

        await host.Stage.Reached($"filter ticking/{_key} IGrainTimerInvoker.InvokeCallbackAsync");
    }
}
