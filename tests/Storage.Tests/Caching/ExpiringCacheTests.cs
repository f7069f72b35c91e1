using Channels.Core;
using Channels.Storage.Caching;
using Channels.Testing;

namespace Channels.Storage.Tests.Caching;

public sealed class ExpiringCacheTests
{
    private readonly ManualClock _clock = new();
    private readonly List<string> _loads = [];
    private Func<string, Task<string?>> _load = key => Task.FromResult<string?>($"value of {key}");

    [Fact]
    public async Task What_is_known_is_not_asked_for_again_until_it_expires()
    {
        var cache = Cache();

        await cache.GetAsync("a", default);
        _clock.Advance(TimeSpan.FromSeconds(14));
        await cache.GetAsync("a", default);
        Assert.Single(_loads);
        _clock.Advance(TimeSpan.FromSeconds(16));
        await cache.GetAsync("a", default);

        Assert.Equal(2, _loads.Count);
    }

    [Fact]
    public async Task What_grows_old_is_used_while_it_is_loaded_anew_once()
    {
        var cache = Cache();
        await cache.GetAsync("a", default);
        var loading = new TaskCompletionSource<string?>();
        _load = _ => loading.Task;
        _clock.Advance(TimeSpan.FromSeconds(25));

        Assert.Equal("value of a", await cache.GetAsync("a", default));
        Assert.Equal("value of a", await cache.GetAsync("a", default));
        loading.SetResult("new value");

        Assert.Equal("new value", await cache.GetAsync("a", default));
        Assert.Equal(2, _loads.Count);
    }

    [Fact]
    public async Task What_was_forgotten_while_it_was_loaded_anew_is_not_kept()
    {
        var cache = Cache();
        await cache.GetAsync("a", default);
        var loading = new TaskCompletionSource<string?>();
        _load = _ => loading.Task;
        _clock.Advance(TimeSpan.FromSeconds(25));
        await cache.GetAsync("a", default);

        cache.Forget("a");
        loading.SetResult("read before it was changed");
        _load = _ => Task.FromResult<string?>("changed");

        Assert.Equal("changed", await cache.GetAsync("a", default));
    }

    [Fact]
    public async Task What_cannot_be_loaded_anew_is_used_until_it_is_too_old()
    {
        var cache = Cache();
        await cache.GetAsync("a", default);
        _load = _ => Task.FromException<string?>(new StoreUnavailableException());
        _clock.Advance(TimeSpan.FromSeconds(25));

        Assert.Equal("value of a", await cache.GetAsync("a", default));
        Assert.Equal("value of a", await cache.GetAsync("a", default));
        Assert.Equal(2, _loads.Count);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("value of a", await cache.GetAsync("a", default));
        Assert.Equal(3, _loads.Count);
        _clock.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => cache.GetAsync("a", default).AsTask());
    }

    [Fact]
    public async Task What_is_missing_is_asked_for_again_soon()
    {
        _load = _ => Task.FromResult<string?>(null);
        var cache = Cache();

        Assert.Null(await cache.GetAsync("a", default));
        Assert.Null(await cache.GetAsync("a", default));
        _clock.Advance(TimeSpan.FromSeconds(2));
        await cache.GetAsync("a", default);

        Assert.Equal(2, _loads.Count);
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_load()
    {
        var loading = new TaskCompletionSource<string?>();
        _load = _ => loading.Task;
        var cache = Cache();

        var asked = Enumerable.Range(0, 100).Select(_ => cache.GetAsync("a", default).AsTask()).ToArray();
        loading.SetResult("value");

        Assert.All(await Task.WhenAll(asked), value => Assert.Equal("value", value));
        Assert.Single(_loads);
    }

    [Fact]
    public async Task A_failure_is_told_and_not_remembered()
    {
        _load = _ => Task.FromException<string?>(new StoreUnavailableException());
        var cache = Cache();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await cache.GetAsync("a", default));
        _load = _ => Task.FromResult<string?>("value");

        Assert.Equal("value", await cache.GetAsync("a", default));
    }

    [Fact]
    public async Task A_load_that_began_before_the_forgetting_is_not_kept()
    {
        var stale = new TaskCompletionSource<string?>();
        _load = _ => stale.Task;
        var cache = Cache();
        var asked = cache.GetAsync("a", default).AsTask();
        cache.Forget("a");
        _load = _ => Task.FromResult<string?>("fresh");
        var askedAfter = await cache.GetAsync("a", default);
        stale.SetResult("stale");

        Assert.Equal("stale", await asked);
        Assert.Equal("fresh", askedAfter);
        Assert.Equal("fresh", await cache.GetAsync("a", default));
    }

    [Fact]
    public async Task One_who_goes_away_does_not_fail_the_others()
    {
        var loading = new TaskCompletionSource<string?>();
        _load = _ => loading.Task;
        var cache = Cache();
        using var leaving = new CancellationTokenSource();

        var first = cache.GetAsync("a", leaving.Token).AsTask();
        var second = cache.GetAsync("a", default).AsTask();
        await leaving.CancelAsync();
        loading.SetResult("value");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal("value", await second);
    }

    [Fact]
    public async Task It_stays_small_and_unknown_keys_do_not_push_known_ones_out()
    {
        _load = key => Task.FromResult(key.StartsWith("known", StringComparison.Ordinal) ? key : null);
        var cache = Cache(size: 100);
        foreach (var number in Enumerable.Range(0, 50))
        {
            await cache.GetAsync($"known {number}", default);
        }

        foreach (var number in Enumerable.Range(0, 1000))
        {
            await cache.GetAsync($"guess {number}", default);
        }

        _loads.Clear();
        foreach (var number in Enumerable.Range(0, 50))
        {
            await cache.GetAsync($"known {number}", default);
        }

        Assert.Empty(_loads);
    }

    private ExpiringCache<string, string> Cache(int size = 1000) => new(
        _clock, new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2), size), (key, _) =>
        {
            _loads.Add(key);
            return _load(key);
        });
}
