using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Channels.Core;

namespace Channels.Storage.Caching;

/// <summary>How a cache behaves.</summary>
/// <param name="Found">How long a value is used.</param>
/// <param name="Missing">How long "there is none" is used; short, because somebody may be creating it.</param>
/// <param name="Size">Most entries it holds.</param>
internal sealed record CacheLimits(TimeSpan Found, TimeSpan Missing, int Size)
{
    /// <summary>How long one load may take before its waiters get the failure.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Remembers what was loaded for a short while; asks once for many who ask at the same time; never remembers a failure.</summary>
/// <remarks>A value loaded before <see cref="Forget"/> is never kept after it: forgetting drops the load under way as well.</remarks>
internal sealed class ExpiringCache<TKey, TValue>(TimeProvider clock, CacheLimits limits, Func<TKey, CancellationToken, Task<TValue?>> load)
    where TKey : notnull
    where TValue : class
{
    private readonly ConcurrentDictionary<TKey, Slot> _slots = new();
    private int _trimming;

    /// <summary>The value, or null when there certainly is none. Completes at once when it is known.</summary>
    public ValueTask<TValue?> GetAsync(TKey key, CancellationToken cancellationToken)
    {
        if (_slots.TryGetValue(key, out var slot) && slot.TryRead(clock.GetTimestamp(), out var value))
        {
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
            // Not the first caller's token: the others must not fail because that one went away.
            using var limit = new CancellationTokenSource(limits.LoadTimeout, clock);
            var value = await load(key, limit.Token);
            var life = value is null ? limits.Missing : limits.Found;
            slot.Loaded(value, clock.GetTimestamp() + (long)(life.TotalSeconds * clock.TimestampFrequency));
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

        public Task<TValue?> Loading => _source.Task;

        public bool IsLoaded => _loaded;

        public TValue? Value { get; private set; }

        public long FreshUntil { get; private set; }

        public bool TryRead(long now, [MaybeNullWhen(true)] out TValue value)
        {
            value = _loaded ? Value : null;
            return _loaded && now < FreshUntil;
        }

        public void Loaded(TValue? value, long freshUntil)
        {
            Value = value;
            FreshUntil = freshUntil;
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
