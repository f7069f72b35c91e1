using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>Counts who sends how much, and how many wait for their 200 meanwhile.</summary>
internal sealed class InboxTraffic(TimeProvider clock) : IInboxPressure
{
    /// <summary>On average so much waits at once while pressure is high. A process that keeps up has but a few webhooks in its hands.</summary>
    private const double Many = 32;

    /// <summary>So much, when pressure is no longer high.</summary>
    private const double Few = 10;

    /// <summary>Who sends fewer in a window, 100 a second, makes no pressure; nor does who sends less than half of what each would have if all had the same.</summary>
    private const int Notable = 25;

    /// <summary>For so long after its last webhook a tenant who makes no pressure is taken to be about: conversations pause.</summary>
    private static readonly TimeSpan About = TimeSpan.FromSeconds(30);

    private const long Never = long.MinValue;

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private Dictionary<TenantId, int> _counting = [];
    private Dictionary<TenantId, int> _counted = [];
    private readonly List<TenantId> _fewSent = [];
    private readonly Dictionary<TenantId, long> _others = [];
    private long _windowStarted = clock.GetTimestamp();
    private int _notable = Notable;
    private long _otherSeen = Never;
    private double _waiting;
    private bool _isHigh;

    private bool IsHigh => Volatile.Read(ref _isHigh) && clock.GetElapsedTime(Volatile.Read(ref _windowStarted)) < 2 * Window;

    /// <inheritdoc/>
    public bool IsMadeBy(TenantId tenant)
    {
        if (!IsHigh)
        {
            return false;
        }

        lock (_gate)
        {
            return _counted.GetValueOrDefault(tenant) >= _notable || _counting.GetValueOrDefault(tenant) >= _notable;
        }
    }

    /// <inheritdoc/>
    public bool OthersAreAbout => Volatile.Read(ref _otherSeen) is var seen and not Never && clock.GetElapsedTime(seen) < About;

    /// <summary>These are committed; so many waited when they went to the database, themselves included.</summary>
    /// <remarks>What waits for a processor counts as well: when draining takes them all, webhooks wait in sockets, where nobody sees them.</remarks>
    public void Committed(IReadOnlyList<InboundWebhook> webhooks, int waiting)
    {
        var unserved = waiting + ThreadPool.PendingWorkItemCount;
        lock (_gate)
        {
            // Over the last eight transactions or so.
            _waiting += (unserved - _waiting) / 8;
            Volatile.Write(ref _isHigh, _waiting >= (_isHigh ? Few : Many));
            if (clock.GetElapsedTime(_windowStarted) is var counted && counted >= Window)
            {
                NextWindow(counted);
            }

            foreach (var webhook in webhooks)
            {
                _counting[webhook.Tenant] = _counting.GetValueOrDefault(webhook.Tenant) + 1;
            }
        }
    }

    private void NextWindow(TimeSpan counted)
    {
        var (before, notableBefore) = (_counted, _notable);
        _counted = _counting;
        if (counted >= 2 * Window)
        {
            // After a silence what came before it does not say who sends now: the first webhook of an hour would be made to wait.
            _counted.Clear();
        }

        _notable = Math.Max(Notable, _counted.Count == 0 ? 0 : _counted.Values.Sum() / _counted.Count / 2);

        // Others are who sent little in the last window and in this one. Who sends much now was the beginning of a burst, or is one that paused.
        var now = clock.GetTimestamp();
        _fewSent.ForEach(tenant => _others[tenant] = now);
        foreach (var (tenant, _) in _counted.Where(sent => sent.Value >= _notable))
        {
            _others.Remove(tenant);
        }

        foreach (var (tenant, _) in _others.Where(seen => clock.GetElapsedTime(seen.Value) >= About).ToList())
        {
            _others.Remove(tenant);
        }

        Volatile.Write(ref _otherSeen, _others.Count == 0 ? Never : _others.Values.Max());

        // A burst that ends in this window is not somebody else.
        _fewSent.Clear();
        _fewSent.AddRange(_counted.Where(sent => sent.Value < _notable && before.GetValueOrDefault(sent.Key) < notableBefore).Select(sent => sent.Key));
        before.Clear();
        _counting = before;
        Volatile.Write(ref _windowStarted, clock.GetTimestamp());
    }
}
