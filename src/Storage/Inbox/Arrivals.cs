using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Inbox;

namespace Channels.Storage.Inbox;

/// <summary>Webhooks of followed accounts between their commit and their account's next pass. For the one process through which all webhooks come.</summary>
/// <remarks>
/// Bounded: an account for which there is no more room is left, and reads its table when it gets there. So a backlog waits in the table, never here.
/// </remarks>
internal sealed class Arrivals : IArrivals
{
    /// <summary>Rows kept for one account: what it takes up in a few passes.</summary>
    private const int MostRows = 512;

    /// <summary>Bytes kept for one account, as many as it reads at once.</summary>
    private const long MostBytesOfOne = 1 << 20;

    /// <summary>Bytes kept for all.</summary>
    private const long MostBytes = 32 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, Kept> _followed = [];
    private long _bytes;

    /// <inheritdoc/>
    public void Add(IReadOnlyList<InboundWebhook> webhooks)
    {
        lock (_gate)
        {
            foreach (var webhook in webhooks)
            {
                if (!_followed.TryGetValue(webhook.Account, out var kept))
                {
                    continue;
                }

                var bytes = BytesOf(webhook);
                if (kept.Rows.Count >= MostRows || kept.Bytes + bytes > MostBytesOfOne || _bytes + bytes > MostBytes)
                {
                    Remove(webhook.Account, kept);
                    continue;
                }

                kept.Rows.Add(webhook);
                kept.Bytes += bytes;
                _bytes += bytes;
            }
        }
    }

    /// <inheritdoc/>
    public void Follow(AccountId account)
    {
        lock (_gate)
        {
            if (_followed.TryGetValue(account, out var kept))
            {
                Remove(account, kept);
            }

            _followed[account] = new Kept();
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<InboundWebhook>? Take(AccountId account, int most)
    {
        lock (_gate)
        {
            if (!_followed.TryGetValue(account, out var kept))
            {
                return null;
            }

            // Transactions become visible out of order; within what is here the ids are the order.
            kept.Rows.Sort((one, other) => one.Id.Value.CompareTo(other.Id.Value));
            var taken = kept.Rows.Take(most).ToImmutableArray();
            kept.Rows.RemoveRange(0, taken.Length);
            var bytes = taken.Sum(BytesOf);
            kept.Bytes -= bytes;
            _bytes -= bytes;
            return taken;
        }
    }

    /// <inheritdoc/>
    public void Leave(AccountId account)
    {
        lock (_gate)
        {
            if (_followed.TryGetValue(account, out var kept))
            {
                Remove(account, kept);
            }
        }
    }

    private void Remove(AccountId account, Kept kept)
    {
        _followed.Remove(account);
        _bytes -= kept.Bytes;
    }

    private static long BytesOf(InboundWebhook webhook) => 256 + (2 * webhook.Path.Length) + webhook.Body.Length;

    private sealed class Kept
    {
        public List<InboundWebhook> Rows { get; } = [];

        public long Bytes { get; set; }
    }
}
