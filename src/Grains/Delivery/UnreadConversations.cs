using Channels.Core.Ids;

namespace Channels.Grains.Delivery;

/// <summary>Conversations whose next replies are to be read, each once, in the order in which they are: whoever has much waiting must not be read again and again before the others.</summary>
internal sealed class UnreadConversations
{
    private readonly LinkedList<ConversationId> _order = [];
    private readonly Dictionary<ConversationId, LinkedListNode<ConversationId>> _places = [];

    /// <summary>How many there are.</summary>
    public int Count => _order.Count;

    /// <summary>Whether it is among them.</summary>
    public bool Contains(ConversationId conversation) => _places.ContainsKey(conversation);

    /// <summary>Behind all others, unless it has its place already.</summary>
    public void Add(ConversationId conversation)
    {
        if (!_places.ContainsKey(conversation))
        {
            _places[conversation] = _order.AddLast(conversation);
        }
    }

    /// <summary>Before all others, in this order: those that were to be read and were not reached.</summary>
    public void PutBack(IEnumerable<ConversationId> conversations)
    {
        foreach (var conversation in conversations.Reverse())
        {
            Remove(conversation);
            _places[conversation] = _order.AddFirst(conversation);
        }
    }

    /// <summary>False when it was not among them.</summary>
    public bool Remove(ConversationId conversation)
    {
        if (!_places.Remove(conversation, out var place))
        {
            return false;
        }

        _order.Remove(place);
        return true;
    }

    /// <summary>The first of them, taken out.</summary>
    public List<ConversationId> Take(int most)
    {
        List<ConversationId> taken = [.. _order.Take(most)];
        taken.ForEach(conversation => Remove(conversation));
        return taken;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _order.Clear();
        _places.Clear();
    }
}
