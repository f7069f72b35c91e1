using System.Collections.Concurrent;
using Channels.Core.Ids;
using Channels.Core.Fairness;
using Channels.Testing;

namespace Channels.Core.Tests.Fairness;

/// <summary>The rounds and rests of those on rations, and the others beside them.</summary>
public sealed class RationsTests
{
    private static readonly TenantId Heavy = Visitor.Tenant(1);
    private static readonly TenantId HeavyToo = Visitor.Tenant(2);
    private static readonly TenantId Light = Visitor.Tenant(3);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly ManualClock _clock = new();
    private readonly ConcurrentDictionary<TenantId, bool> _rationed = new() { [Heavy] = true, [HeavyToo] = true };
    private readonly FairGate _gate;

    // Two places, and a tenth of the time for those on rations: they rest nine times as long as they worked.
    public RationsTests() => _gate = new FairGate(2, _rationed.ContainsKey, share: 0.1, _clock);

    [Fact]
    public async Task A_round_is_for_so_many_and_a_place_that_is_left_is_not_filled_again()
    {
        var first = Visitor.At(_gate, Heavy);
        var second = Visitor.At(_gate, HeavyToo);
        var third = Visitor.At(_gate, Heavy);
        Assert.True(first.IsInside);
        Assert.True(second.IsInside);

        await first.LeaveAsync();
        await Task.Delay(20);

        Assert.False(third.IsInside);
        Assert.False(Visitor.At(_gate, HeavyToo).IsInside);
    }

    [Fact]
    public void A_round_may_have_fewer_places_than_there_are()
    {
        var places = 1;
        var gate = new FairGate(3, _rationed.ContainsKey, share: 0.1, _clock) { PlacesInRound = () => places };
        Assert.True(Visitor.At(gate, Heavy).IsInside);
        Assert.False(Visitor.At(gate, HeavyToo).IsInside);
        Assert.True(Visitor.At(gate, Light).IsInside);
        Assert.True(Visitor.At(gate, Light).IsInside);

        places = 2;

        Assert.True(Visitor.At(gate, Heavy).IsInside);
    }

    [Fact]
    public async Task Where_there_need_be_no_rest_the_next_round_follows_at_once()
    {
        var gate = new FairGate(3, _rationed.ContainsKey, share: 0.1, _clock) { PlacesInRound = () => 1, Rests = () => false };
        var first = Visitor.At(gate, Heavy);
        var second = Visitor.At(gate, HeavyToo);
        var third = Visitor.At(gate, Heavy);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(second.IsInside);

        await first.LeaveAsync();
        await second.EnteredAsync();
        Assert.False(third.IsInside);
        await second.LeaveAsync();

        await third.EnteredAsync();
    }

    [Fact]
    public async Task A_rest_ends_when_there_need_be_none_any_more()
    {
        var rests = true;
        var gate = new FairGate(2, _rationed.ContainsKey, share: 0.1, _clock) { PlacesInRound = () => 1, Rests = () => rests };
        var first = Visitor.At(gate, Heavy);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        await LeaveIntoRestAsync(first);
        var second = Visitor.At(gate, Heavy);
        await RestAsync(3 * Look);
        Assert.False(second.IsInside);

        rests = false;
        _clock.Advance(Look);

        await second.EnteredAsync();
    }

    [Fact]
    public async Task Who_hangs_keeps_nobody_out_of_rounds_of_one()
    {
        var gate = new FairGate(3, _rationed.ContainsKey, share: 0.1, _clock) { PlacesInRound = () => 1, Rests = () => false };
        var watching = _clock.TimerSetAsync(time => time == TimeSpan.FromSeconds(2));
        var hangs = Visitor.At(gate, Heavy);
        var second = Visitor.At(gate, HeavyToo);
        var third = Visitor.At(gate, HeavyToo);
        Assert.True(hangs.IsInside);
        await watching.WaitAsync(TimeSpan.FromSeconds(20));

        _clock.Advance(TimeSpan.FromSeconds(2));

        await second.EnteredAsync();
        await second.LeaveAsync();
        await third.EnteredAsync();
    }

    [Fact]
    public async Task A_rest_is_in_proportion_to_what_the_round_took_and_then_the_next_round_begins()
    {
        await WorkAsync(TimeSpan.FromMilliseconds(100));
        var second = Visitor.At(_gate, Heavy);
        var third = Visitor.At(_gate, HeavyToo);
        var fourth = Visitor.At(_gate, Heavy);

        await RestAsync(TimeSpan.FromMilliseconds(880));
        Assert.False(second.IsInside);
        _clock.Advance(Look);

        await second.EnteredAsync();
        await third.EnteredAsync();
        Assert.False(fourth.IsInside);
    }

    [Fact]
    public async Task The_next_round_rests_for_what_it_took_itself()
    {
        await WorkAsync(TimeSpan.FromMilliseconds(100));
        var second = Visitor.At(_gate, Heavy);
        await RestAsync(TimeSpan.FromMilliseconds(880));
        _clock.Advance(Look);
        await second.EnteredAsync();

        // It waited long and works short.
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        await LeaveIntoRestAsync(second);
        var third = Visitor.At(_gate, Heavy);
        await RestAsync(TimeSpan.FromMilliseconds(160));
        Assert.False(third.IsInside);
        _clock.Advance(Look);

        await third.EnteredAsync();
    }

    [Fact]
    public async Task One_who_hangs_keeps_one_place_and_nobody_else_out()
    {
        var watching = _clock.TimerSetAsync(time => time == TimeSpan.FromSeconds(2));
        var hanging = Visitor.At(_gate, Heavy);
        var second = Visitor.At(_gate, HeavyToo);
        await watching;
        await second.LeaveAsync();
        var third = Visitor.At(_gate, Heavy);
        var fourth = Visitor.At(_gate, HeavyToo);
        Assert.False(third.IsInside);

        var resting = _clock.TimerSetAsync(time => time == Look);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await resting;
        await RestAsync(TimeSpan.FromMilliseconds(1980));
        _clock.Advance(Look);

        await third.EnteredAsync();
        Assert.False(fourth.IsInside);
        await hanging.LeaveAsync();
        await fourth.EnteredAsync();
    }

    [Fact]
    public async Task No_rest_is_longer_than_two_seconds()
    {
        // Nine times that would be longer.
        await WorkAsync(TimeSpan.FromSeconds(1));
        var next = Visitor.At(_gate, Heavy);

        await RestAsync(TimeSpan.FromSeconds(1.98));
        Assert.False(next.IsInside);
        _clock.Advance(Look);

        await next.EnteredAsync();
    }

    [Fact]
    public async Task A_round_ends_only_when_everybody_is_out()
    {
        var first = Visitor.At(_gate, Heavy);
        var second = Visitor.At(_gate, HeavyToo);
        var waiting = Visitor.At(_gate, Heavy);
        await first.LeaveAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(waiting.IsInside);

        await LeaveIntoRestAsync(second);
        await RestAsync(TimeSpan.FromMilliseconds(880));
        Assert.False(waiting.IsInside);
        _clock.Advance(Look);

        await waiting.EnteredAsync();
    }

    [Fact]
    public async Task Others_enter_freely_during_a_round_and_during_a_rest()
    {
        var heavy = new[] { Visitor.At(_gate, Heavy), Visitor.At(_gate, HeavyToo) };
        Assert.All(heavy, visitor => Assert.True(visitor.IsInside));
        var light = Visitor.At(_gate, Light);
        Assert.True(light.IsInside);

        _clock.Advance(TimeSpan.FromMilliseconds(100));
        await heavy[0].LeaveAsync();
        await LeaveIntoRestAsync(heavy[1]);

        Assert.True(Visitor.At(_gate, Light).IsInside);
        var third = Visitor.At(_gate, Light);
        Assert.False(third.IsInside);
        await light.LeaveAsync();
        await third.EnteredAsync();
    }

    [Fact]
    public async Task Who_is_no_longer_on_rations_is_let_in_during_a_rest()
    {
        await WorkAsync(TimeSpan.FromMilliseconds(100));
        var freed = Visitor.At(_gate, Heavy);
        var still = Visitor.At(_gate, HeavyToo);
        await RestAsync(TimeSpan.FromMilliseconds(100));
        Assert.False(freed.IsInside);

        _rationed.Remove(Heavy, out _);
        await RestAsync(Look);

        await freed.EnteredAsync();
        Assert.False(still.IsInside);
        Assert.True(Visitor.At(_gate, Heavy).IsInside);
    }

    [Fact]
    public async Task Who_comes_when_its_tenant_is_no_longer_on_rations_comes_behind_those_who_wait()
    {
        await WorkAsync(TimeSpan.FromMilliseconds(100));
        var waiting = new[] { Visitor.At(_gate, Heavy), Visitor.At(_gate, Heavy), Visitor.At(_gate, Heavy) };
        var still = Visitor.At(_gate, HeavyToo);
        Assert.True(_gate.HasWaiting(Heavy));
        Assert.False(_gate.HasWaiting(Light));

        _rationed.Remove(Heavy, out _);
        var later = Visitor.At(_gate, Heavy);

        await waiting[0].EnteredAsync();
        await waiting[1].EnteredAsync();
        Assert.False(later.IsInside);
        await waiting[0].LeaveAsync();
        await waiting[2].EnteredAsync();
        Assert.False(later.IsInside);
        await waiting[1].LeaveAsync();
        await later.EnteredAsync();
        Assert.False(_gate.HasWaiting(Heavy));
        Assert.False(still.IsInside);
    }

    [Fact]
    public async Task Who_is_let_in_together_goes_on_in_the_order_they_came()
    {
        const int Round = 256;
        var gate = new FairGate(Round, _rationed.ContainsKey, share: 0.1, _clock) { Rests = () => false };
        var before = Enumerable.Range(0, Round).Select(_ => Visitor.At(gate, Heavy)).ToList();
        var order = new ConcurrentQueue<int>();

        // On the pool's threads, as webhooks are: xunit's own bring their continuations in order.
        var all = await Task.Run(() => Enumerable.Range(0, Round).Select(EnterAsync).ToList());
        Assert.Empty(order);
        await Task.Run(() => Task.WhenAll(before.Select(visitor => visitor.LeaveAsync())));
        await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(20));

        // A thread may be held up with the one it has; all of them in reverse are half a round away from their places.
        Assert.InRange(order.Select((number, at) => Math.Abs(number - at)).Average(), 0, Round / 8);

        async Task EnterAsync(int number)
        {
            await gate.EnterAsync(Heavy, default);
            order.Enqueue(number);
        }
    }

    [Fact]
    public async Task Who_entered_on_rations_gives_back_a_place_on_rations()
    {
        var heavy = Visitor.At(_gate, Heavy);
        _rationed.Clear();
        Assert.True(Visitor.At(_gate, Light).IsInside);
        Assert.True(Visitor.At(_gate, Light).IsInside);

        await LeaveIntoRestAsync(heavy, resting: false);

        Assert.False(Visitor.At(_gate, Light).IsInside);
    }

    [Fact]
    public async Task A_rest_is_not_cut_short_because_others_wait_for_their_places()
    {
        Assert.True(Visitor.At(_gate, Light).IsInside);
        Assert.True(Visitor.At(_gate, Light).IsInside);
        Assert.False(Visitor.At(_gate, Light).IsInside);
        await WorkAsync(TimeSpan.FromMilliseconds(100));

        await RestAsync(TimeSpan.FromMilliseconds(100));

        Assert.False(Visitor.At(_gate, Heavy).IsInside);
    }

    [Fact]
    public async Task One_on_rations_who_gives_up_waiting_passes_the_place_on()
    {
        await WorkAsync(TimeSpan.FromMilliseconds(100));
        using var patience = new CancellationTokenSource();
        var leaving = Visitor.At(_gate, Heavy, patience.Token);
        var leavingToo = Visitor.At(_gate, HeavyToo, patience.Token);
        var staying = new[] { Visitor.At(_gate, Heavy), Visitor.At(_gate, HeavyToo) };
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(leaving.EnteredAsync);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(leavingToo.EnteredAsync);

        await RestAsync(TimeSpan.FromMilliseconds(880));
        _clock.Advance(Look);

        await staying[0].EnteredAsync();
        await staying[1].EnteredAsync();
    }

    [Fact]
    public async Task The_rest_of_all_does_not_depend_on_the_grain_that_left_last()
    {
        var last = await _gate.EnterAsync(Heavy, default);
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        var resting = _clock.TimerSetAsync(time => time == Look);

        // The grain leaves in its turn, and is busy with the same turn ever after. Not on the test's own thread: what xunit sets there would hide it.
        await Task.Run(() => new Task(last.Dispose).RunSynchronously(new BusyGrain()));
        await resting.WaitAsync(TimeSpan.FromSeconds(20));
        var next = Visitor.At(_gate, Heavy);
        await RestAsync(TimeSpan.FromMilliseconds(880));
        _clock.Advance(Look);

        await next.EnteredAsync();
    }

    private async Task WorkAsync(TimeSpan work)
    {
        var visitor = Visitor.At(_gate, Heavy);
        Assert.True(visitor.IsInside);
        _clock.Advance(work);
        await LeaveIntoRestAsync(visitor);
    }

    private async Task LeaveIntoRestAsync(Visitor last, bool resting = true)
    {
        var set = _clock.TimerSetAsync(time => time == Look);
        await last.LeaveAsync();
        if (resting)
        {
            await set.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    // Look by look, each awaited: at the end the gate has looked, and goes on resting.
    private async Task RestAsync(TimeSpan time)
    {
        for (var rested = TimeSpan.Zero; rested < time; rested += Look)
        {
            var next = _clock.TimerSetAsync(time => time == Look);
            _clock.Advance(Look);
            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    /// <summary>A grain's scheduler that runs the turn it is given and nothing after it.</summary>
    private sealed class BusyGrain : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task)
        {
        }

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);
    }
}
