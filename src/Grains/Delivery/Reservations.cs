using Channels.Core.Connectors;
using Channels.Core.Ids;

namespace Channels.Grains.Delivery;

/// <summary>The places that an account's delivery keeps for replies whose turns are about to end.</summary>
/// <remarks>In memory: without it a reply that was begun is one that was cut off by a crash.</remarks>
internal sealed class Reservations(TimeProvider clock)
{
    /// <summary>How long a place is kept: far longer than a transaction takes, and not so long that a conversation suffers from one whose answer was lost.</summary>
    internal static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    /// <summary>Who asks for a place waits no longer than this: than the transaction that it saves would be worth waiting for.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Dictionary<MessageId, Reservation> _kept = [];

    /// <summary>How many are kept; each is one of the account's concurrent sends.</summary>
    public int Count => _kept.Count;

    /// <summary>Keeps a place for a reply that has none yet.</summary>
    public void Keep(Reservation place) => _kept.Add(place.Reply, place with { KeptAt = clock.GetTimestamp() });

    /// <summary>Takes a reply's place out; null when none is kept for it.</summary>
    public Reservation? Take(MessageId reply) => _kept.Remove(reply, out var place) ? place : null;

    /// <summary>Takes those out whose time is over.</summary>
    public IReadOnlyList<Reservation> TakeOverdue()
    {
        List<Reservation> overdue = [.. _kept.Values.Where(place => LeftOf(place) <= TimeSpan.Zero)];
        foreach (var place in overdue)
        {
            _kept.Remove(place.Reply);
        }

        return overdue;
    }

    /// <summary>How long until the first one's time is over; null when none is kept.</summary>
    public TimeSpan? UntilNext() => _kept.Count == 0 ? null : _kept.Values.Min(LeftOf);

    private TimeSpan LeftOf(Reservation place) => Term - clock.GetElapsedTime(place.KeptAt);
}

/// <summary>A place kept for a reply.</summary>
/// <param name="Reply">Whose.</param>
/// <param name="Lane">Its conversation's.</param>
/// <param name="Conversation">Which that is.</param>
/// <param name="Tenant">The owner.</param>
/// <param name="Connector">Its kind.</param>
internal sealed record Reservation(MessageId Reply, Lane Lane, ConversationId Conversation, TenantId Tenant, IConnector Connector)
{
    /// <summary>Since when, in the clock's timestamps.</summary>
    public long KeptAt { get; init; }
}
