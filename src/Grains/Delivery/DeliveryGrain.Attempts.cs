using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;

namespace Channels.Grains.Delivery;

/// <content>One attempt: recorded, made, settled.</content>
internal sealed partial class DeliveryGrain
{
    /// <summary>Less than an idle grain is ever kept.</summary>
    private static readonly TimeSpan StayAwake = TimeSpan.FromMinutes(1);

    private bool _isKeptAwake;

    private void Follow(Task send)
    {
        if (!send.IsCompleted)
        {
            _sends.Add(send);
            KeepAwake();
            _ = ForgetWhenDoneAsync(send);
        }
    }

    // What the provider said is kept here until the store has taken it. While the store is away nobody calls; collected for idleness, this grain would forget it, and the reply would leave twice.
    private void KeepAwake()
    {
        if (!_isKeptAwake)
        {
            _isKeptAwake = true;
            _awake.Set(StayAwake);
        }
    }

    private void LookAtSends()
    {
        _isKeptAwake = false;
        if (_sends.Count > 0)
        {
            KeepAwake();
        }
    }

    private async Task ForgetWhenDoneAsync(Task send)
    {
        await send;
        _sends.Remove(send);
        _pump.Signal();
    }

    private async Task SendAsync(Lane lane, OutboxRow row, Func<Task> stepsAsync, IDisposable? place = null)
    {
        // The turn that started this ends first: a send is never part of somebody's call.
        await Task.Yield();
        try
        {
            await stepsAsync();
        }
        catch (Exception failure)
        {
            // The store did not take a step. Its row says how far we came; it is read again after a pause.
            DeliveryLog.StepFailed(_logger, row.Reply.Id, failure.GetType().Name);
            lane.UnderWay = null;
            Forget();
            _reports.HoldUntil(_clock.GetUtcNow() + TimeSpan.FromSeconds(1), ReplyWaitCause.StoreUnavailable);
            _alarm.Set(TimeSpan.FromSeconds(1));
        }
        finally
        {
            place?.Dispose();
            lane.UnderWay = null;
            RemoveIfEmpty(row.Reply.Conversation, lane);
        }
    }

    private async Task AttemptAsync(ChannelEntry channel, IConnector connector, Lane lane, OutboxRow row)
    {
        var duplicate = row.PossiblyDuplicate;
        if (row is { State: OutboxState.Sending, IsUnreadable: true })
        {
            // Nor could it be looked up: by what it is not, another message would be found.
            await SettleAsync(channel, lane, row, new SendOutcome.Unknown("what it consists of cannot be read here"), row.Attempts);
            return;
        }

        if (row.State == OutboxState.Sending)
        {
            // Not ours: whoever began it is gone. Ours are forgotten or replaced before they get here.
            if (await _lostSends.FindAsync(channel, connector, row) is SentLookupOutcome.Found found)
            {
                await SettleAsync(channel, lane, row, new SendOutcome.Accepted(found.ProviderMessageId), row.Attempts);
                return;
            }

            duplicate = true;
        }

        var attempt = row.Attempts + 1;
        var start = await _outbox.BeginSendAsync(channel.Tenant, Account, row.Reply.Id, attempt, duplicate, CancellationToken.None);
        if (!start.Begun)
        {
            LetGo(lane, row);
            return;
        }

        if (start.OutOfReachSince is not null)
        {
            await SettleAsync(channel, lane, row with { PossiblyDuplicate = duplicate }, RetryPolicy.OutOfReach(start, duplicate), attempt);
            return;
        }

        await CallAndSettleAsync(channel, connector, lane, row with { PossiblyDuplicate = duplicate }, attempt);
    }

    // The attempt is recorded: from here on the provider may have the reply.
    private async Task CallAndSettleAsync(ChannelEntry channel, IConnector connector, Lane lane, OutboxRow row, int attempt)
    {
        var message = _files.MessageOf(channel.Tenant, row.Reply);
        var started = _clock.GetUtcNow();
        var outcome = await CallAsync(connector, channel.Connection, message);
        await SettleAsync(channel, lane, row, outcome, attempt);
        if (outcome is SendOutcome.Unknown)
        {
            _ = _settlements.LookUpAsync(channel, connector, row with { SendingSince = started });
        }
    }

    private async Task<SendOutcome> CallAsync(IConnector connector, Connection connection, OutboundMessage message)
    {
        try
        {
            // Never cancelled from here: a send that is cut off has an unknown outcome, one that is let finish has none.
            return await connector.SendAsync(connection, message, CancellationToken.None);
        }
        catch (Exception failure)
        {
            DeliveryLog.ConnectorThrew(_logger, connector.Manifest.Id, failure.GetType().Name, failure.StackTrace);
            return new SendOutcome.Unknown($"the connector failed ({failure.GetType().Name})");
        }
    }

    private async Task SettleAsync(ChannelEntry channel, Lane lane, OutboxRow row, SendOutcome outcome, int attempt, bool isBegun = true)
    {
        var now = _clock.GetUtcNow();
        if (outcome is SendOutcome.TryLater && RetryPolicy.GivenUp(row, attempt, now) is { } givenUp)
        {
            outcome = givenUp;
        }
        else if (outcome is SendOutcome.TryLater { MostAttempts: { } most } last && attempt >= most && row.LastCode == last.Code)
        {
            // Only where it is what the attempt before failed of as well: a gateway that was away meanwhile has used up no attempts of a file.
            outcome = new SendOutcome.Refused(last.Code, last.Reason);
        }

        var next = now + outcome switch
        {
            SendOutcome.TryLater later => RetryPolicy.WaitAfter(later, attempt, Random.Shared),
            SendOutcome.Blocked => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        var current = await _settlements.SettleAsync(new SendSettlement(channel.Tenant, Account, row.Reply, outcome, next, attempt) { IsBegun = isBegun });
        await _reports.AddAsync(channel, outcome);
        if (!current && outcome is not SendOutcome.Accepted)
        {
            // Whoever has begun a later attempt settles it, and an echo or a person already has.
            DeliveryLog.SettledByOthers(_logger, row.Reply.Id, attempt, outcome.GetType().Name);
        }

        // What we were told to forget meanwhile is read again from the table: a chat may have moved.
        if (current && outcome is SendOutcome.TryLater or SendOutcome.Blocked && !lane.IsOutdated)
        {
            lane.Replace(row with { State = OutboxState.Queued, Attempts = attempt, NextAttemptAt = next, LastCode = (outcome as SendOutcome.TryLater)?.Code }, ConnectionReports.IsOfConnection(outcome));
        }
        else
        {
            LetGo(lane, row);
        }
    }
}
