using Channels.Core.Channels;
using Channels.Core.Ids;
using Channels.Core.Outbox;

namespace Channels.Grains.Delivery;

/// <content>What is held in memory of the account's table: the next few replies of each conversation, so that a thousand to one chat keep nobody else's from leaving.</content>
/// <remarks>
/// A lane always begins with its conversation's oldest reply: it is read from there, and what callers bring is added only where nothing of its conversation is in the table alone.
/// So the table may be gone through in pages, whatever is written behind the reader's back: a page only says which conversations there are.
/// </remarks>
internal sealed partial class DeliveryGrain
{
    /// <summary>Replies held in memory; when half of them are gone, more are read.</summary>
    private const int Most = 1_000;

    /// <summary>So many are held before those that wait for times of their own keep others from being read.</summary>
    private const int MostOfSlow = 10_000;

    /// <summary>Their bytes, about: as many replies as may be held could be of any length. One page of the table may come on top of it.</summary>
    private const long MostBytes = 8 * 1024 * 1024;

    /// <summary>As <see cref="MostOfSlow"/>.</summary>
    private const long MostBytesOfSlow = 4 * MostBytes;

    /// <summary>Of one conversation.</summary>
    private const int MostOfOne = 10;

    /// <summary>Conversations whose replies are read at once.</summary>
    private const int AtOnce = Most / MostOfOne;

    /// <summary>Rows of the table that are gone through at once, by their ids alone.</summary>
    private const int Page = 10_000;

    /// <summary>Conversations that have no lane, and whose next replies are in the table.</summary>
    private readonly UnreadConversations _unread = new();

    private int _held;
    private long _heldBytes;

    /// <summary>Behind <see cref="_readTo"/> there may be conversations that nobody has told us of.</summary>
    private bool _mustLoad = true;
    private MessageId? _readTo;
    private bool _loading;
    private bool _stuck;
    private int _timesForgotten;

    private bool HasMoreToRead => _mustLoad || _unread.Count > 0;

    private bool IsFull => _held >= Most || _heldBytes >= MostBytes;

    private bool IsHalfGone => _held < Most / 2 && _heldBytes < MostBytes / 2;

    private bool HasRoomBeyond => _held < MostOfSlow && _heldBytes < MostBytesOfSlow;

    // More only when most of the last is gone: a backlog is read once, not once per reply. One step beyond that when nothing of it may leave yet.
    private async Task ReadAsync(ChannelEntry channel, CancellationToken cancellationToken)
    {
        var beyond = _stuck && HasRoomBeyond;
        _loading = true;
        try
        {
            while (HasMoreToRead && (IsHalfGone || beyond))
            {
                beyond = false;
                if (_unread.Count > 0)
                {
                    await LoadAsync(channel, _unread.Take(AtOnce), cancellationToken);
                }
                else
                {
                    await FindAsync(channel, cancellationToken);
                }
            }
        }
        catch
        {
            Forget();
            throw;
        }
        finally
        {
            _loading = false;
        }
    }

    private async Task FindAsync(ChannelEntry channel, CancellationToken cancellationToken)
    {
        var times = _timesForgotten;
        var page = await _outbox.FindAsync(channel.Tenant, Account, _readTo, Page, cancellationToken);
        if (times != _timesForgotten)
        {
            // It begins anew.
            return;
        }

        var (found, isEnd) = (new HashSet<ConversationId>(), page.Length < Page);
        foreach (var waiting in page)
        {
            if (!_lanes.ContainsKey(waiting.Conversation) && !_unread.Contains(waiting.Conversation) && !found.Contains(waiting.Conversation))
            {
                if (found.Count == AtOnce)
                {
                    isEnd = false;
                    break;
                }

                found.Add(waiting.Conversation);
            }

            _readTo = waiting.Id;
        }

        (_readTo, _mustLoad) = isEnd ? (null, false) : (_readTo, true);
        if (found.Count > 0)
        {
            await LoadAsync(channel, [.. found], cancellationToken);
        }
    }

    // None of them has a lane, so what is read is as the table has it; but for a reply under way whose conversation went into one of these meanwhile: it ends in its former lane.
    private async Task LoadAsync(ChannelEntry channel, List<ConversationId> conversations, CancellationToken cancellationToken)
    {
        var times = _timesForgotten;
        var page = await _outbox.LoadAsync(channel.Tenant, Account, conversations, MostOfOne, cancellationToken);
        if (times != _timesForgotten)
        {
            // What was read may be of before what we were told of, a chat's former address for one; everything is found anew.
            return;
        }

        var underWay = _lanes.Values.Where(lane => lane.Busy).Select(lane => lane.UnderWay!.Value).ToHashSet();
        foreach (var next in page.Rows.Where(row => !underWay.Contains(row.Reply.Id)).GroupBy(row => row.Reply.Conversation))
        {
            var lane = LaneOf(next.Key);
            foreach (var row in next)
            {
                Hold(lane, row);
            }

            lane.HasMore |= lane.Count >= MostOfOne;
        }

        if (page.IsCut)
        {
            LeaveFrom(page.Rows[^1].Reply.Conversation, conversations);
        }
    }

    // The page became too long there: this conversation may have more in the table, and those behind it were not reached.
    private void LeaveFrom(ConversationId last, List<ConversationId> conversations)
    {
        var left = conversations.SkipWhile(one => one != last).ToList();
        foreach (var lane in left.Select(conversation => _lanes.GetValueOrDefault(conversation)).OfType<Lane>())
        {
            lane.HasMore = true;
        }

        _unread.PutBack(left.Where(conversation => !_lanes.ContainsKey(conversation)));
    }

    // What a caller brings is in the table as well.
    private void Add(OutboxRow row)
    {
        var conversation = row.Reply.Conversation;
        if (_lanes.TryGetValue(conversation, out var lane))
        {
            // Behind those that are not here it is read in its turn.
            lane.HasMore |= lane.Count >= MostOfOne || IsFull;
            if (!lane.HasMore)
            {
                Hold(lane, row);
            }
        }
        else if (_loading || (_mustLoad && row.Reply.Id.Value.CompareTo(_readTo?.Value ?? Guid.Empty) <= 0))
        {
            // What is being read may be older than this, and where we have read on from nobody looks again.
            _unread.Add(conversation);
        }
        else if (IsFull)
        {
            _mustLoad = true;
        }
        else if (!_mustLoad && !_unread.Contains(conversation))
        {
            Hold(LaneOf(conversation), row);
        }
    }

    private void Hold(Lane lane, OutboxRow row)
    {
        if (lane.TryAdd(row))
        {
            _held++;
            _heldBytes += row.Size;
        }
    }

    private void LetGo(Lane lane, OutboxRow row)
    {
        if (lane.Remove(row))
        {
            _held--;
            _heldBytes -= row.Size;
        }
    }

    private Lane LaneOf(ConversationId conversation) =>
        _lanes.TryGetValue(conversation, out var lane) ? lane : _lanes[conversation] = new Lane { HasMore = _unread.Remove(conversation) };

    private void RemoveIfEmpty(ConversationId conversation, Lane lane)
    {
        if (lane.IsEmpty && _lanes.GetValueOrDefault(conversation) == lane)
        {
            _lanes.Remove(conversation);
            if (lane.HasMore)
            {
                _unread.Add(conversation);
            }
        }
    }

    // But for what is under way, which ends as it ends: the table is read anew.
    private void Forget()
    {
        foreach (var (conversation, lane) in _lanes.ToList())
        {
            if (lane.Busy)
            {
                lane.KeepUnderWay();
            }
            else
            {
                _lanes.Remove(conversation);
            }
        }

        _held = _lanes.Values.Sum(lane => lane.Count);
        _heldBytes = _lanes.Values.Sum(lane => lane.Size);
        _unread.Clear();
        (_readTo, _mustLoad) = (null, true);
        _timesForgotten++;
    }
}
