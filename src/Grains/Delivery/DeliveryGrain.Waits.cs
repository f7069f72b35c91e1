using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Delivery;

/// <content>What a queued reply waits for, for whoever wonders.</content>
internal sealed partial class DeliveryGrain
{
    /// <summary>As the last pass found them; null before the first, and while the account may not send: that stands in its row, and is not ours to tell.</summary>
    private (ChannelEntry Channel, IConnector Connector)? _sender;

    /// <inheritdoc/>
    public Task<ImmutableArray<ReplyWait>> GetWaitsAsync(ConversationId conversation, ImmutableArray<MessageId> replies)
    {
        if (_sender is not { } sender)
        {
            return Task.FromResult(ImmutableArray<ReplyWait>.Empty);
        }

        var (lane, now) = (_lanes.GetValueOrDefault(conversation), _clock.GetUtcNow());
        return Task.FromResult(replies.Select(reply => WaitOf(sender.Channel, sender.Connector, conversation, lane, reply, now)).OfType<ReplyWait>().ToImmutableArray());
    }

    // In the order of what a person can do something about: the connection, then the conversation's own order, then the reply, then what passes within seconds.
    private ReplyWait? WaitOf(ChannelEntry channel, IConnector connector, ConversationId conversation, Lane? lane, MessageId reply, DateTimeOffset now)
    {
        if (lane?.UnderWay == reply)
        {
            return null;
        }

        var row = lane?.Find(reply);
        if (RetryPolicy.FirstDueAt(_reports.NotBefore, now) is var free && free > now)
        {
            var until = row is null ? free : RetryPolicy.DueAt(row, free, now);
            return new(reply, _reports.Hold.Cause, _reports.Hold.Since, until, _reports.Hold.Code, null);
        }

        if (row is null && lane is not { HasMore: true })
        {
            // Beyond what is held in memory. With nothing held, the table is about to be read.
            return (_mustLoad || _unread.Contains(conversation)) && _held > 0 ? Plain(reply, ReplyWaitCause.BehindOthers, null) : null;
        }

        if ((lane!.UnderWay ?? lane.Head?.Reply.Id) is { } first && first != reply)
        {
            return new(reply, ReplyWaitCause.BehindEarlier, null, lane.Find(first) is { } ahead && RetryPolicy.DueAt(ahead, free, now) is var due && due > now ? due : null, null, first);
        }

        if (row is null)
        {
            return null;
        }

        if (RetryPolicy.DueAt(row, free, now) is var next && next > now)
        {
            return _reports.Circuit is { } circuit && lane.IsHeldByConnection(reply)
                ? new(reply, circuit.Cause, circuit.Since, next, circuit.Code, null)
                : Plain(reply, ReplyWaitCause.Retry, next);
        }

        var rest = _paces.WaitFor(connector, row.Reply.ChatId);
        var wait = _pace.WaitFor(connector, channel.Throttle);
        return (rest > wait ? rest : wait) is { Ticks: > 0 } pause ? Plain(reply, ReplyWaitCause.Paced, now + pause)
            : _sends.Count + _reservations.Count >= MostAtOnce(connector) || (OutboundFiles.NeedsPlace(row.Reply) && _fileTurn.IsWaiting) ? Plain(reply, ReplyWaitCause.BehindOthers, null)
            : null;
    }

    private static ReplyWait Plain(MessageId reply, ReplyWaitCause cause, DateTimeOffset? until) => new(reply, cause, null, until, null, null);
}
