using Channels.Core.Connectors;

namespace Channels.Grains.Delivery;

/// <summary>How fast each of an account's chats may be written to, for kinds whose provider counts that. A chat that waits keeps no other one waiting.</summary>
/// <remarks>In memory: after a restart a chat may get one burst more, and a provider that minds says so.</remarks>
internal sealed class ChatPaces(TimeProvider clock)
{
    /// <summary>Beyond this, chats that rest are forgotten: they have all their burst again anyway.</summary>
    private const int Most = 1_000;

    private readonly Dictionary<string, TokenBucket> _buckets = new(StringComparer.Ordinal);

    /// <summary>How many chats are remembered; for tests.</summary>
    internal int Count => _buckets.Count;

    /// <summary>How long until the chat may be written to; zero for now.</summary>
    public TimeSpan WaitFor(IConnector connector, string chatId) => connector is IPacedConnector paced ? BucketOf(paced, chatId).Wait() : TimeSpan.Zero;

    /// <summary>Something is sent to the chat.</summary>
    public void Take(IConnector connector, string chatId)
    {
        if (connector is IPacedConnector paced)
        {
            BucketOf(paced, chatId).Take();
        }
    }

    private TokenBucket BucketOf(IPacedConnector connector, string chatId)
    {
        if (_buckets.TryGetValue(chatId, out var known))
        {
            return known;
        }

        if (_buckets.Count >= Most)
        {
            foreach (var (chat, _) in _buckets.Where(pair => pair.Value.IsFull).ToList())
            {
                _buckets.Remove(chat);
            }
        }

        var pace = connector.PaceOf(chatId);
        return _buckets[chatId] = new TokenBucket(pace.PerSecond, clock, pace.Burst);
    }
}
