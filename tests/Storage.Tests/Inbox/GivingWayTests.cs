using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Inbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Inbox;

public sealed class GivingWayTests : IInboxPressure
{
    private static readonly TenantId Heavy = Webhooks.Tenant(1);
    private static readonly TenantId Light = Webhooks.Tenant(2);
    private static readonly int Round = 16 * Environment.ProcessorCount;

    private readonly ManualClock _clock = new();
    private readonly TaskCompletionSource _committing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GivingWay _givingWay;
    private bool _othersAreAbout = true;
    private int _begun;

    public GivingWayTests() => _givingWay = new GivingWay(this, _clock);

    [Fact]
    public void Only_who_makes_pressure_beside_others_is_held_back()
    {
        Assert.True(_givingWay.Concerns(Heavy));
        Assert.False(_givingWay.Concerns(Light));

        _othersAreAbout = false;

        Assert.False(_givingWay.Concerns(Heavy));
    }

    [Fact]
    public async Task Who_is_held_back_is_answered_in_time_when_those_before_hang()
    {
        var first = Enumerable.Range(0, Round).Select(_ => CommitAsync()).ToList();
        var held = Enumerable.Range(0, 3 * Round).Select(_ => CommitAsync()).ToList();
        Assert.Equal(held.Count, _givingWay.Held);

        for (var second = 0; second < PostgresInbox.AnswerWithin.TotalSeconds; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        // A few of the others have come in behind those who hang, one in each round.
        foreach (var one in held.TakeLast(Round))
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => one.WaitAsync(TimeSpan.FromSeconds(20)));
        }

        _committing.SetResult();
        await Task.WhenAll(first).WaitAsync(TimeSpan.FromSeconds(20));
        await Task.WhenAny(Task.WhenAll(held), Task.Delay(TimeSpan.FromSeconds(20)));
        Assert.All(held, one => Assert.True(one.IsCompleted));
        Assert.InRange(held.Count(one => one.IsCompletedSuccessfully), 0, 10);
        Assert.Equal(0, _givingWay.Held);
    }

    [Fact]
    public async Task Who_comes_when_its_tenant_need_not_wait_any_more_comes_behind_those_held_back_and_all_of_them_at_once()
    {
        var first = Enumerable.Range(0, Round).Select(_ => CommitAsync()).ToList();
        var held = Enumerable.Range(0, 3 * Round).Select(_ => CommitAsync()).ToList();
        _othersAreAbout = false;
        Assert.True(_givingWay.Concerns(Heavy));
        Assert.False(_givingWay.Concerns(Light));

        var later = CommitAsync();

        // Those before it hang: it is not for their places that anybody waits now.
        Assert.False(_givingWay.Concerns(Heavy));
        await Eventually.TrueAsync("all of them are being committed", () => Volatile.Read(ref _begun) == (4 * Round) + 1);
        _committing.SetResult();
        await Task.WhenAll([.. first, .. held, later]).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, _givingWay.Held);
    }

    [Fact]
    public async Task A_round_is_committed_at_once_and_the_next_waits_for_its_rest()
    {
        var first = Enumerable.Range(0, Round).Select(_ => CommitAsync()).ToList();
        var next = CommitAsync();
        Assert.Equal(Round, Volatile.Read(ref _begun));
        Assert.Equal(1, _givingWay.Held);

        _clock.Advance(TimeSpan.FromMilliseconds(100));
        var rest = _clock.TimerSetAsync(wait => wait == TimeSpan.FromMilliseconds(5));
        _committing.SetResult();
        await Task.WhenAll(first).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(next.IsCompleted);

        // Three times as long as the round took: a quarter of the time is work.
        for (var look = 1; look < 60; look++)
        {
            await rest;
            rest = _clock.TimerSetAsync(wait => wait == TimeSpan.FromMilliseconds(5));
            _clock.Advance(TimeSpan.FromMilliseconds(5));
        }

        await rest;
        Assert.False(next.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        await next.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_and_those_who_wait_stay()
    {
        var taken = Enumerable.Range(0, Round + 12_288).Select(_ => CommitAsync()).ToList();

        await Assert.ThrowsAsync<InboxFullException>(CommitAsync);

        Assert.Equal(12_288, _givingWay.Held);
        Assert.DoesNotContain(taken, one => one.IsFaulted);
    }

    [Fact]
    public async Task A_commit_that_fails_gives_its_place_back()
    {
        for (var n = 0; n < 3 * Round; n++)
        {
            _othersAreAbout = n % Round == 0;
            await Assert.ThrowsAsync<InvalidOperationException>(() => _givingWay.CommitAsync(Light, () => Task.FromException(new InvalidOperationException())));
        }

        Assert.Equal(0, _givingWay.Held);
    }

    bool IInboxPressure.OthersAreAbout => _othersAreAbout;

    bool IInboxPressure.MustRest => false;

    int IInboxPressure.Room => int.MaxValue;

    bool IInboxPressure.IsRationed(TenantId tenant) => false;

    bool IInboxPressure.IsMadeBy(TenantId tenant) => tenant == Heavy;

    private Task CommitAsync() => _givingWay.CommitAsync(Heavy, () =>
    {
        Interlocked.Increment(ref _begun);
        return _committing.Task;
    });
}
