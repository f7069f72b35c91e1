using Orleans;
using Orleans.Runtime;

namespace Channels.Orleans.Conformance.Reminders;

public interface IReminded : IGrainWithStringKey
{
    Task SetAsync(string name, TimeSpan due, TimeSpan period);

    Task SetTooLateAsync(string name);

    Task<bool> HasAsync(string name);

    Task EndAsync(string name);

    Task EndTwiceAsync(string name);

    Task EndReplacedAsync(string name);

    Task LeaveAsync();
}

public sealed class RemindedGrain(Stage stage) : Grain, IReminded, IRemindable
{
    private int _ticks;

    public Task SetAsync(string name, TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(name, due, period);

    public Task SetTooLateAsync(string name) => this.RegisterOrUpdateReminder(name, TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(7), new CancellationToken(canceled: true));

    public async Task<bool> HasAsync(string name) => await this.GetReminder(name) is { } found && found.ReminderName == name;

    public async Task EndAsync(string name) => await this.UnregisterReminder((await this.GetReminder(name))!);

    public async Task EndTwiceAsync(string name)
    {
        var reminder = (await this.GetReminder(name))!;
        await this.UnregisterReminder(reminder);
        await this.UnregisterReminder(reminder);
    }

    public async Task EndReplacedAsync(string name)
    {
        var reminder = (await this.GetReminder(name))!;
        await SetAsync(name, TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(7));
        await this.UnregisterReminder(reminder);
    }

    public Task LeaveAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        var onTime = status.CurrentTickTime >= status.FirstTickTime && status.FirstTickTime.Kind == DateTimeKind.Utc;
        stage.Report($"{this.GetPrimaryKeyString()} {reminderName} {++_ticks} {status.Period.TotalSeconds}{(onTime ? "" : " early")}");
        return _ticks == 1 ? throw new InvalidOperationException("the first tick fails") : Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        stage.Report($"{this.GetPrimaryKeyString()} gone");
        return Task.CompletedTask;
    }
}

public interface IForgetful : IGrainWithStringKey
{
    Task SetAsync();
}

public sealed class ForgetfulGrain : Grain, IForgetful
{
    public Task SetAsync() => this.RegisterOrUpdateReminder("never", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
}

[Collection(OnSharedHost.Name)]
public sealed class ReminderTests(SharedHost host)
{
    private readonly string _key = SharedHost.NewKey();

    private IReminded Grain => host.Grains.GetGrain<IReminded>(_key);

    [Fact]
    public async Task A_reminder_goes_on_after_a_tick_that_throws()
    {
        await Grain.SetAsync("wake", TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1));

        await host.Stage.Reached($"{_key} wake 2 1");

        await Grain.EndAsync("wake");
    }

    [Fact]
    public async Task A_reminder_wakes_a_grain_that_left()
    {
        await Grain.SetAsync("wake", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        await Grain.LeaveAsync();
        await host.Stage.Reached($"{_key} gone");

        await host.Stage.Reached($"{_key} wake 1 5");

        await Grain.EndAsync("wake");
    }

    [Fact]
    public async Task A_reminder_can_be_found_replaced_and_ended()
    {
        await Grain.SetAsync("a", TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
        await Grain.SetAsync("a", TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(6));

        Assert.True(await Grain.HasAsync("a"));
        Assert.False(await Grain.HasAsync("b"));
        await Grain.EndAsync("a");
        Assert.False(await Grain.HasAsync("a"));
    }

    [Fact]
    public async Task A_reminder_that_was_cancelled_before_it_was_set_is_none()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.SetTooLateAsync("a"));

        Assert.False(await Grain.HasAsync("a"));
    }

    [Fact]
    public async Task A_reminder_may_be_ended_twice()
    {
        await Grain.SetAsync("a", TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

        await Grain.EndTwiceAsync("a");

        Assert.False(await Grain.HasAsync("a"));
    }

    [Fact]
    public async Task A_reminder_that_was_replaced_since_cannot_be_ended()
    {
        await Grain.SetAsync("a", TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

        await Assert.ThrowsAsync<ReminderException>(() => Grain.EndReplacedAsync("a"));

        Assert.True(await Grain.HasAsync("a"));
    }

    [Fact]
    public async Task A_period_below_the_least_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.SetAsync("a", TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(499)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain.SetAsync("a", TimeSpan.FromMinutes(-5), TimeSpan.FromMinutes(5)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain.SetAsync("a", TimeSpan.FromMinutes(5), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task Only_a_remindable_grain_may_have_reminders() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Grains.GetGrain<IForgetful>(_key).SetAsync());

    [Fact]
    public async Task The_least_period_is_a_minute_unless_the_host_says_otherwise()
    {
        await using var own = await SharedHost.StartAsync(new(), _ => { });

        await Assert.ThrowsAsync<ArgumentException>(
            () => own.Grains.GetGrain<IReminded>(_key).SetAsync("a", TimeSpan.Zero, TimeSpan.FromSeconds(59)));
    }
}
