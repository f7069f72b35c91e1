using Channels.Core.Ids;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <summary>One conversation's replies in an account's outbox: sent one after the other, each only when the one before is settled.</summary>
internal sealed class Lane
{
    private readonly SortedDictionary<Guid, OutboxRow> _rows = [];
    private readonly HashSet<Guid> _heldByConnection = [];

    /// <summary>The reply of this conversation that is under way, or has its place kept; no other is sent meanwhile. It need not be among those that wait.</summary>
    public MessageId? UnderWay { get; set; }

    /// <summary>Whether there is one.</summary>
    public bool Busy => UnderWay is not null;

    /// <summary>The oldest reply.</summary>
    public OutboxRow? Head => _rows.Count == 0 ? null : _rows.First().Value;

    /// <summary>How many wait, the one under way included.</summary>
    public int Count => _rows.Count;

    /// <summary>About how many bytes they have.</summary>
    public long Size => _rows.Values.Sum(row => (long)row.Size);

    /// <summary>The table may have replies of this conversation that are not here, all of them behind those that are: it is read when this is empty, and nothing is added before.</summary>
    public bool HasMore { get; set; }

    /// <summary>Whether anything waits.</summary>
    public bool IsEmpty => _rows.Count == 0;

    /// <summary>One of its replies; null when it is not here.</summary>
    public OutboxRow? Find(MessageId reply) => _rows.GetValueOrDefault(reply.Value);

    /// <summary>Adds a reply that is not here yet.</summary>
    public bool TryAdd(OutboxRow row) => _rows.TryAdd(row.Reply.Id.Value, row);

    /// <summary>Replaces a reply, after an attempt.</summary>
    /// <param name="row">As it stands now.</param>
    /// <param name="ofConnection">Whether the connection was what the attempt failed by.</param>
    public void Replace(OutboxRow row, bool ofConnection = false)
    {
        _rows[row.Reply.Id.Value] = row;
        _ = ofConnection ? _heldByConnection.Add(row.Reply.Id.Value) : _heldByConnection.Remove(row.Reply.Id.Value);
    }

    /// <summary>Whether a reply's last attempt failed by the connection; false as well when that attempt was made before the reply was read.</summary>
    public bool IsHeldByConnection(MessageId reply) => _heldByConnection.Contains(reply.Value);

    /// <summary>What is known of the reply under way is as it was before all else was forgotten: where it goes may have changed. Should it have to wait again, it is read anew.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>Forgets all but the reply under way: whatever else the conversation has is in the table. Nothing is added to this lane any more.</summary>
    public void KeepUnderWay()
    {
        IsOutdated = true;
        foreach (var id in _rows.Keys.Where(id => id != UnderWay?.Value).ToList())
        {
            Remove(id);
        }

        HasMore = true;
    }

    /// <summary>Forgets a settled reply. False when it is not here.</summary>
    public bool Remove(OutboxRow row) => Remove(row.Reply.Id.Value);

    private bool Remove(Guid id)
    {
        _heldByConnection.Remove(id);
        return _rows.Remove(id);
    }
}
