using System.Diagnostics.CodeAnalysis;
using Channels.Core.Ids;

namespace Channels.Storage.Batching;

/// <summary>A bounded queue that serves tenants in turn: a tenant with a thousand items waiting delays another's first item by one, not by a thousand.</summary>
/// <remarks>Safe for many writers and many readers. Within one tenant first in is first out.</remarks>
internal sealed class FairQueue<TItem>(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, Queue<TItem>> _byTenant = [];
    private readonly Queue<TenantId> _turns = new();
    private int _count;
    private bool _closed;

    /// <summary>Items waiting.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether more than one tenant has items waiting.</summary>
    public bool IsShared
    {
        get
        {
            lock (_gate)
            {
                return _byTenant.Count > 1;
            }
        }
    }

    /// <summary>False when the queue is full or closed. One tenant may fill at most three quarters, so that the others always find room.</summary>
    public bool TryAdd(TenantId tenant, TItem item)
    {
        lock (_gate)
        {
            if (_closed || _count >= capacity)
            {
                return false;
            }

            if (!_byTenant.TryGetValue(tenant, out var queue))
            {
                _byTenant[tenant] = queue = new Queue<TItem>();
                _turns.Enqueue(tenant);
            }
            else if (queue.Count >= capacity / 4 * 3)
            {
                return false;
            }

            queue.Enqueue(item);
            _count++;
            return true;
        }
    }

    /// <summary>Takes the next item, tenants in turn.</summary>
    /// <param name="item">It, if there is one.</param>
    /// <param name="mayTake">Whose turn is passed over when false; null when everybody may have theirs.</param>
    public bool TryTake([MaybeNullWhen(false)] out TItem item, Func<TenantId, bool>? mayTake = null)
    {
        lock (_gate)
        {
            var passed = 0;
            while (mayTake is not null && passed < _turns.Count && !mayTake(_turns.Peek()))
            {
                _turns.Enqueue(_turns.Dequeue());
                passed++;
            }

            if (passed == _turns.Count)
            {
                item = default;
                return false;
            }

            var tenant = _turns.Dequeue();
            var queue = _byTenant[tenant];
            item = queue.Dequeue();
            if (queue.Count > 0)
            {
                _turns.Enqueue(tenant);
            }
            else
            {
                _byTenant.Remove(tenant);
            }

            _count--;
            return true;
        }
    }

    /// <summary>Takes out all of whom this holds, whosever turn it is.</summary>
    public IReadOnlyList<TItem> TakeOut(Func<TItem, bool> concerns)
    {
        var taken = new List<TItem>();
        lock (_gate)
        {
            // Once round: the turns stay as they are.
            for (var left = _turns.Count; left > 0; left--)
            {
                var tenant = _turns.Dequeue();
                var queue = _byTenant[tenant];
                var before = taken.Count;
                taken.AddRange(queue.Where(concerns));
                if (taken.Count > before)
                {
                    _byTenant[tenant] = queue = new Queue<TItem>(queue.Except(taken.Skip(before)));
                }

                if (queue.Count > 0)
                {
                    _turns.Enqueue(tenant);
                }
                else
                {
                    _byTenant.Remove(tenant);
                }
            }

            _count -= taken.Count;
        }

        return taken;
    }

    /// <summary>Takes nothing more in. What is inside can still be taken.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }
}
