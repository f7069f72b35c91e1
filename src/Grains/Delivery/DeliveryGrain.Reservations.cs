using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Delivery;

/// <content>Places kept for replies whose turns are about to end: the transaction that ends the turn records the attempt as well, and the send needs none of its own.</content>
internal sealed partial class DeliveryGrain
{
    private bool _reservationsWatched;

    /// <inheritdoc/>
    public async Task<bool> ReserveAsync(ConversationId conversation, MessageId reply, string chatId)
    {
        // Cached; the only wait there is, so what follows is decided in one go. If it was long after all, nobody waits for our answer any more.
        var asked = _clock.GetTimestamp();
        if (await _directory.FindAsync(Account, CancellationToken.None) is not { MaySend: true } channel || _connectors.Find(channel.Kind) is not { } connector)
        {
            return false;
        }

        // Only what nothing that we know, or would have to look for, comes before; and nothing once the process stops, because who is told of it then may be gone.
        if (_clock.GetElapsedTime(asked) >= Reservations.Patience || _closing.IsClosing || _mustLoad || _loading || !_lookUpsResumed || _othersWait || _reports.IsAiling || _pump.Stopping.IsCancellationRequested || _lanes.ContainsKey(conversation) || _unread.Contains(conversation)
            || _sends.Count + _reservations.Count >= connector.Manifest.Limits.Concurrency)
        {
            return false;
        }

        if (channel.Throttle.HeldUntil is { } heldUntil)
        {
            _reports.HoldUntil(heldUntil, ReplyWaitCause.RateLimited);
        }

        var now = _clock.GetUtcNow();
        if (RetryPolicy.FirstDueAt(_reports.NotBefore, now) > now || _paces.WaitFor(connector, chatId) > TimeSpan.Zero || _pace.Take(connector, channel.Throttle) > TimeSpan.Zero)
        {
            return false;
        }

        _paces.Take(connector, chatId);
        var lane = LaneOf(conversation);
        lane.UnderWay = reply;
        _reservations.Keep(new Reservation(reply, lane, conversation, channel.Tenant, connector));
        WatchReservations();
        return true;
    }

    /// <inheritdoc/>
    public async Task SendBegunAsync(QueuedReply reply)
    {
        var channel = await _directory.FindAsync(Account, CancellationToken.None);

        // One that goes starts nothing: its successor finds the row.
        if (_pump.Stopping.IsCancellationRequested || _reservations.Take(reply.Id) is not { } place)
        {
            await WakeAsync();
            return;
        }

        // The row may have been read meanwhile. Read, it looks like one that a crash cut off; it is ours.
        var row = new OutboxRow(reply, OutboxState.Sending, 1, DateTimeOffset.MinValue, _clock.GetUtcNow(), PossiblyDuplicate: false);
        if (place.Lane.Find(reply.Id) is { } read)
        {
            row = row with { Size = read.Size };
            place.Lane.Replace(row);
        }
        else
        {
            Hold(place.Lane, row);
        }

        // The place was given for the account as it was then.
        var now = _clock.GetUtcNow();
        var mayLeave = channel is { MaySend: true } && !(channel.Throttle.HeldUntil > now) && RetryPolicy.FirstDueAt(_reports.NotBefore, now) <= now;
        Follow(mayLeave ? SendAsync(place.Lane, row, () => CallAndSettleAsync(channel!, place.Connector, place.Lane, row, row.Attempts)) : WithdrawAsync(place, row));
    }

    // Begun on paper only: the provider was not asked, and the reply waits like any other.
    private async Task WithdrawAsync(Reservation place, OutboxRow row)
    {
        await Task.Yield();
        try
        {
            var held = new SendOutcome.TryLater(TimeSpan.Zero, "held", "the account was switched off, or held, before it left");
            await _settlements.SettleAsync(new SendSettlement(place.Tenant, Account, row.Reply, held, _clock.GetUtcNow(), row.Attempts));
        }
        catch (Exception failure)
        {
            DeliveryLog.StepFailed(_logger, row.Reply.Id, failure.GetType().Name);
        }
        finally
        {
            place.Lane.UnderWay = null;
            Forget();
        }
    }

    /// <inheritdoc/>
    public Task AbandonAsync(MessageId reply)
    {
        if (_reservations.Take(reply) is { } place)
        {
            Vacate(place);
        }

        return WakeAsync();
    }

    private void Vacate(Reservation place)
    {
        place.Lane.UnderWay = null;
        RemoveIfEmpty(place.Conversation, place.Lane);
    }

    // Nobody has said what became of their turns: their rows may be there, as begun as those that a crash cut off.
    private void GiveUpReservations()
    {
        var overdue = _reservations.TakeOverdue();
        foreach (var place in overdue)
        {
            DeliveryLog.ReservationGivenUp(_logger, place.Reply);
            Vacate(place);
        }

        if (overdue.Count > 0)
        {
            Forget();
        }

        WatchReservations();
    }

    // One alarm for all: set for the end of the oldest, it mostly finds that one gone, and is set for the one that is the oldest then.
    private void WatchReservations()
    {
        if (!_reservationsWatched && _reservations.UntilNext() is { } left)
        {
            _reservationsWatched = true;
            _reservationsEnd.Set(left);
        }
    }

    private void LookAtReservations()
    {
        _reservationsWatched = false;
        _pump.Signal();
    }
}
