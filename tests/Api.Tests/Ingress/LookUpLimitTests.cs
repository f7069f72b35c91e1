using Channels.Api.Ingress;
using Channels.Core;
using Channels.Testing;

namespace Channels.Api.Tests.Ingress;

public sealed class LookUpLimitTests
{
    private readonly ManualClock _clock = new();
    private readonly TaskCompletionSource<int> _store = new();

    [Fact]
    public async Task A_store_that_hangs_is_waited_for_so_long_and_no_longer()
    {
        var set = _clock.TimerSetAsync();
        var found = new ValueTask<int>(_store.Task).InTimeAsync(_clock).AsTask();
        await set.WaitAsync(TimeSpan.FromSeconds(20));

        _clock.Advance(LookUpLimit.Within - TimeSpan.FromSeconds(1));
        Assert.False(found.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => found.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task What_comes_late_but_in_time_counts()
    {
        var set = _clock.TimerSetAsync();
        var found = new ValueTask<int>(_store.Task).InTimeAsync(_clock).AsTask();
        await set.WaitAsync(TimeSpan.FromSeconds(20));
        _clock.Advance(LookUpLimit.Within - TimeSpan.FromSeconds(1));

        _store.SetResult(7);

        Assert.Equal(7, await found.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_failure_of_the_store_stays_what_it_is()
    {
        var found = new ValueTask<int>(_store.Task).InTimeAsync(_clock).AsTask();
        var failure = new StoreUnavailableException();

        _store.SetException(failure);

        Assert.Same(failure, await Assert.ThrowsAsync<StoreUnavailableException>(() => found.WaitAsync(TimeSpan.FromSeconds(20))));
    }
}
