using System.Collections.Concurrent;
using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>In a cluster webhooks come in at front ends and are worked off in silos: the pressure on one process is what all others tell of theirs, and its own.</summary>
internal sealed class ClusterPressure(InboxTraffic own, TimeProvider clock) : IInboxPressure
{
    /// <summary>Who is under pressure says so ten times a second: what is older is over, or nobody hears it.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>Said every ten seconds while others are about and nothing is short.</summary>
    private static readonly TimeSpan About = TimeSpan.FromSeconds(25);

    private readonly ConcurrentDictionary<Guid, (PressureReport Report, long At)> _told = [];

    /// <inheritdoc/>
    public bool OthersAreAbout => own.OthersAreAbout || Told(About).Any(report => report.OthersAreAbout);

    /// <inheritdoc/>
    public int Room => Told(Fresh).Aggregate(own.Room, (room, report) => Math.Min(room, report.Room ?? room));

    /// <inheritdoc/>
    public bool MustRest => own.MustRest || Told(Fresh).Any(report => report.MustRest);

    /// <inheritdoc/>
    public bool IsMadeBy(TenantId tenant) => own.IsMadeBy(tenant) || Told(Fresh).Any(report => report.IsHigh && report.Names(tenant));

    /// <inheritdoc/>
    public bool IsRationed(TenantId tenant) =>
        own.IsRationed(tenant) || Told(Fresh).Any(report => (report.Room is not null || report.MustRest) && report.Names(tenant));

    /// <summary>What a process says of itself takes the place of what it said before.</summary>
    public void Take(PressureReport report) => _told[report.From] = (report, clock.GetTimestamp());

    /// <summary>Forgets processes that have not been heard of for long: each start is one more.</summary>
    public void Tidy()
    {
        foreach (var (from, told) in _told.Where(one => clock.GetElapsedTime(one.Value.At) >= About))
        {
            _told.TryRemove(KeyValuePair.Create(from, told));
        }
    }

    // Nearly always nobody says anything, and a front end or two at the most.
    private IEnumerable<PressureReport> Told(TimeSpan within) => _told.IsEmpty ? [] : _told.Values.Where(told => clock.GetElapsedTime(told.At) < within).Select(told => told.Report);
}
