using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Channels.Core;

namespace Channels.Storage.Caching;

/// <summary>How a cache behaves.</summary>
/// <param name="Found">How long a value is used at the most. One that is asked for is loaded anew before that, while it is still used.</param>
/// <param name="Missing">How long "there is none" is used; short, because somebody may be creating it.</param>
/// <param name="Size">Most entries it holds.</param>
internal sealed record CacheLimits(TimeSpan Found, TimeSpan Missing, int Size)
{
    /// <summary>How long one load may take before its waiters get the failure.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Remembers what was loaded for a short while; asks once for many who ask at the same time; never remembers a failure.</summary>
/// <remarks>
/// Who asks for a value that grows old gets it at once, and it is loaded anew meanwhile: nobody waits every half minute, and not everything is
/// loaded in the same second. A value loaded before <see cref="Forget"/> is never kept after it: forgetting drops the load
/// under way as well.
/// </remarks>
internal sealed class ExpiringCache<TKey, TValue>(TimeProvider clock, CacheLimits limits, Func<TKey, CancellationToken, Task<TValue?>> load)
    where TKey : notnull
    where TValue : class
{
    /// <summary>After a load anew that failed.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<TKey, Slot> _slots = new();
    private int _trimming;

    /// <summary>The value, or null when there certainly is none. Completes at once when it is known.</summary>
    public ValueTask<TValue?> GetAsync(TKey key, CancellationToken cancellationToken)
    {
        var now = clock.GetTimestamp();
        if (_slots.TryGetValue(key, out var slot) && slot.TryRead(now, out var value))
        {
            if (slot.MayRenew(now))
            {
                _ = RenewAsync(key, slot);
            }

            return new(value);
        }

        return new(LoadOnceAsync(key, slot).WaitAsync(cancellationToken));
    }

    /// <summary>Drops one key.</summary>
    public void Forget(TKey key) => _slots.TryRemove(key, out _);

    /// <summary>Drops every value of which this holds, and whatever is being loaded.</summary>
    public void ForgetWhere(Func<TValue, bool> concerns)
    {
        foreach (var (key, slot) in _slots)
        {
            if (slot.Value is not { } value ? !slot.IsLoaded : concerns(value))
            {
                _slots.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Drops everything.</summary>
    public void Clear() => _slots.Clear();

    private Task<TValue?> LoadOnceAsync(TKey key, Slot? seen)
    {
        while (true)
        {
            if (seen is { IsLoaded: false })
            {
                return seen.Loading;
            }

            var mine = new Slot();
            if (seen is null ? _slots.TryAdd(key, mine) : _slots.TryUpdate(key, mine, seen))
            {
                _ = FillAsync(key, mine);
                return mine.Loading;
            }

            if (_slots.TryGetValue(key, out seen) && seen.TryRead(clock.GetTimestamp(), out var value))
            {
                return Task.FromResult(value);
            }
        }
    }

    private async Task FillAsync(TKey key, Slot slot)
    {
        try
        {
            await LoadAsync(key, slot);
            if (_slots.Count > limits.Size)
            {
                Trim();
            }
        }
        catch (Exception failure)
        {
            _slots.TryRemove(new(key, slot));
            slot.Failed(failure is OperationCanceledException ? new StoreUnavailableException("The store did not answer in time.", failure) : failure);
        }
    }

    private async Task RenewAsync(TKey key, Slot old)
    {
        try
        {
            var fresh = new Slot();
            await LoadAsync(key, fresh);

            // Not if it was forgotten meanwhile.
            _slots.TryUpdate(key, fresh, old);
        }
        catch (Exception)
        {
            // The value can still be used. If the store stays away, whoever asks when it is too old hears of it.
            old.RenewAgainAt(clock.GetTimestamp() + Ticks(Pause));
        }
    }

    private async Task LoadAsync(TKey key, Slot slot)
    {
        // Not the first caller's token: the others must not fail because that one went away.
        using var limit = new CancellationTokenSource(limits.LoadTimeout, clock);
        // A read from a server that hangs heeds its token only seconds later.
        var value = await load(key, limit.Token).WaitAsync(limit.Token);
        var life = value is null ? limits.Missing : limits.Found;

        // "There is none" is not renewed: unknown ids cost one question in a while, not a steady one.
        var renewed = value is null ? life : life * (0.5 + (Random.Shared.NextDouble() / 4));
        var now = clock.GetTimestamp();
        slot.Loaded(value, now + Ticks(life), now + Ticks(renewed));
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);

    // Down to nine tenths, so that it does not run for every load. What is missing goes first: unknown ids must not push known ones out.
    private void Trim()
    {
        if (Interlocked.Exchange(ref _trimming, 1) == 1)
        {
            return;
        }

        var loaded = _slots.Where(pair => pair.Value.IsLoaded).ToArray();
        var excess = _slots.Count - (limits.Size * 9 / 10);
        foreach (var pair in loaded.OrderBy(pair => pair.Value.Value is not null).ThenBy(pair => pair.Value.FreshUntil).Take(Math.Max(0, excess)))
        {
            _slots.TryRemove(pair);
        }

        Volatile.Write(ref _trimming, 0);
    }

    private sealed class Slot
    {
        private readonly TaskCompletionSource<TValue?> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _loaded;
        private long _renewAt;

        public Task<TValue?> Loading => _source.Task;

        public bool IsLoaded => _loaded;

        public TValue? Value { get; private set; }

        public long FreshUntil { get; private set; }

        public bool TryRead(long now, [MaybeNullWhen(true)] out TValue value)
        {
            value = _loaded ? Value : null;
            return _loaded && now < FreshUntil;
        }

        /// <summary>True for one caller, when it is time.</summary>
        public bool MayRenew(long now) => Volatile.Read(ref _renewAt) is var at && now >= at && Interlocked.CompareExchange(ref _renewAt, long.MaxValue, at) == at;

        public void RenewAgainAt(long at) => Volatile.Write(ref _renewAt, at);

        public void Loaded(TValue? value, long freshUntil, long renewAt)
        {
            Value = value;
            FreshUntil = freshUntil;
            _renewAt = renewAt;
            _loaded = true;
            _source.TrySetResult(value);
        }

        public void Failed(Exception failure)
        {
            _source.TrySetException(failure);
            // Nobody may be waiting any more; the failure is then nobody's.
            _ = _source.Task.Exception;
        }
    }
}
