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

    /// <summary>So much, when draining must rest between its rounds; half of it, when it need not any longer.</summary>
    private const double VeryMany = 80;

    /// <summary>With less than this, one account more may be drained at once.</summary>
    private const double Some = 20;

    /// <summary>So many accounts at once are as good as all.</summary>
    private const int Everybody = 24;

    /// <summary>What is halved has its effect first.</summary>
    private static readonly TimeSpan Halving = TimeSpan.FromMilliseconds(25);

    /// <summary>Slowly: each step is felt only when all that it lets in is under way.</summary>
    private static readonly TimeSpan Growing = TimeSpan.FromMilliseconds(250);

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
    private bool _someSendMuch;
    private bool _isHigh;
    private bool _isVeryHigh;
    private int _room = Everybody;
    private long _roomChanged = clock.GetTimestamp();

    private bool IsHigh => Volatile.Read(ref _isHigh) && IsBusy;

    private bool IsBusy => clock.GetElapsedTime(Volatile.Read(ref _windowStarted)) < 2 * Window;

    /// <inheritdoc/>
    public bool IsMadeBy(TenantId tenant) => IsHigh && SendsNotably(tenant);

    /// <inheritdoc/>
    public bool IsRationed(TenantId tenant) => (Room < Everybody || MustRest) && SendsNotably(tenant);

    /// <inheritdoc/>
    public int Room => IsBusy ? Volatile.Read(ref _room) : Everybody;

    /// <inheritdoc/>
    public bool MustRest => (Volatile.Read(ref _isVeryHigh) && IsBusy) || (IsHigh && OthersAreAbout);

    /// <inheritdoc/>
    public bool OthersAreAbout => Volatile.Read(ref _otherSeen) is var seen and not Never && clock.GetElapsedTime(seen) < About;

    /// <summary>Whether some send much and others little.</summary>
    public bool IsUneven => Volatile.Read(ref _someSendMuch) && IsBusy && OthersAreAbout;

    /// <summary>Whether it makes pressure, and sent notably in the whole of the last window: at the onset of somebody's flood many seem to, for a moment.</summary>
    public bool KeepsComing(TenantId tenant)
    {
        if (!IsHigh)
        {
            return false;
        }

        lock (_gate)
        {
            return _counted.GetValueOrDefault(tenant) >= _notable;
        }
    }

    /// <summary>Whether this tenant sends little beside some who send much.</summary>
    public bool IsOther(TenantId tenant) => IsUneven && !SendsNotably(tenant);

    /// <summary>These are committed; so many waited when they went to the database, themselves included. Null where that says nothing of how busy the processors are.</summary>
    /// <remarks>What waits for a processor counts as well: when draining takes them all, webhooks wait in sockets, where nobody sees them.</remarks>
    public void Committed(IReadOnlyList<InboundWebhook> webhooks, int? waiting)
    {
        lock (_gate)
        {
            if (waiting is { } unserved)
            {
                Waited(unserved + ThreadPool.PendingWorkItemCount);
            }

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

    /// <summary>All of it in one, for other processes.</summary>
    /// <param name="self">This process.</param>
    public PressureReport Report(Guid self)
    {
        var report = new PressureReport(self, Room is var room && room < Everybody ? room : null, MustRest, IsHigh, OthersAreAbout, []);
        return report.IsShort ? report with { Notable = WhoSendsNotably() } : report;
    }

    private List<Guid> WhoSendsNotably()
    {
        lock (_gate)
        {
            return
            [
                .. _counted.Concat(_counting).GroupBy(sent => sent.Key, sent => sent.Value, (tenant, sent) => (Tenant: tenant, Sent: sent.Max()))
                    .Where(one => one.Sent >= _notable).OrderByDescending(one => one.Sent).Take(PressureReport.MostTenants).Select(one => one.Tenant.Value),
            ];
        }
    }

    private bool SendsNotably(TenantId tenant)
    {
        lock (_gate)
        {
            return _counted.GetValueOrDefault(tenant) >= _notable || _counting.GetValueOrDefault(tenant) >= _notable;
        }
    }

    private void Waited(long unserved)
    {
        // Over the last eight transactions or so.
        _waiting += (unserved - _waiting) / 8;
        Volatile.Write(ref _isHigh, _waiting >= (_isHigh ? Few : Many));
        Volatile.Write(ref _isVeryHigh, _waiting >= (_isVeryHigh ? VeryMany / 2 : VeryMany));
        ChangeRoom();
    }

    private void ChangeRoom()
    {
        var since = clock.GetElapsedTime(_roomChanged);
        var room = _waiting >= Many && since >= Halving ? Math.Max(1, _room / 2)
            : _waiting < Some && since >= Growing ? Math.Min(Everybody, _room + 1)
            : _room;
        if (room != _room)
        {
            Volatile.Write(ref _room, room);
            _roomChanged = clock.GetTimestamp();
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
            Volatile.Write(ref _room, Everybody);
        }

        _notable = Math.Max(Notable, _counted.Count == 0 ? 0 : _counted.Values.Sum() / _counted.Count / 2);

        Volatile.Write(ref _someSendMuch, _counted.Values.Any(sent => sent >= _notable));

        // Others are who sent little in the last window and in this one. Who sends much now was the beginning of a burst, or is one that paused.
        // Before this window began: after a silence they are not about.
        _fewSent.ForEach(tenant => _others[tenant] = _windowStarted);
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
