using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Delivery;

/// <summary>Sends one account's replies: in order per conversation, several conversations at once, at the account's rate, while the account may send.</summary>
/// <remarks>
/// Message path, step 6 of 6. Previous: <see cref="Conversation.ConversationGrain"/>. Next: the provider.
/// A crash before an attempt is recorded sends nothing; a crash after it leaves the reply <c>sending</c>, which the next activation looks up
/// (<see cref="LostSends"/>) and, where nobody can say, sends once more, marked. An unknown outcome is looked up later, over restarts as well. A reply is never forgotten: its row goes when it is settled.
/// </remarks>
[Orleans.Placement.PreferLocalPlacement]
internal sealed partial class DeliveryGrain : Grain, IDeliveryGrain
{
    /// <summary>Replies held in memory; the rest waits in the table.</summary>
    private const int Most = 1_000;

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IOutbox _outbox;
    private readonly LostSends _lostSends;
    private readonly OutboundFiles _files;
    private readonly TimeProvider _clock;
    private readonly ILogger<DeliveryGrain> _logger;
    private readonly Dictionary<ConversationId, Lane> _lanes = [];
    private readonly HashSet<Task> _sends = [];
    private readonly HashSet<MessageId> _settledWhileLoading = [];
    private readonly ConnectionReports _reports;
    private readonly Settlements _settlements;
    private readonly ChatPaces _paces;
    private readonly AccountPace _pace;
    private readonly Pump _pump;
    private readonly Alarm _alarm;
    private int _held;
    private bool _mustLoad = true;
    private bool _loading;

    public DeliveryGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IOutbox outbox, LostSends lostSends, OutboundFiles files, TimeProvider clock,
        ILogger<DeliveryGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _outbox = outbox;
        _lostSends = lostSends;
        _files = files;
        _clock = clock;
        _logger = logger;
        _paces = new ChatPaces(clock);
        _pace = new AccountPace(clock);
        _reports = new ConnectionReports(connector => GrainFactory.GetGrain<IConnectorGrain>(connector.Value), directory, clock, logger);
        _pump = new Pump(DeliverAsync, clock, logger);
        _alarm = new Alarm(this, _pump);
        _settlements = new Settlements(outbox, lostSends, RepeatAsync, clock, logger, _pump.Stopping);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _pump.StopAsync();

        // What is on its way is let arrive, so that its outcome is known.
        await Task.WhenAll(_sends);
    }

    /// <inheritdoc/>
    public Task EnqueueAsync(TenantId tenant, ImmutableArray<QueuedReply> replies)
    {
        if (!_mustLoad)
        {
            foreach (var reply in replies)
            {
                Add(new OutboxRow(reply, OutboxState.Queued, 0, DateTimeOffset.MinValue, null, false));
            }
        }

        _pump.Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        Forget();
        _pump.Signal();
        return Task.CompletedTask;
    }

    private async Task DeliverAsync(CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { MaySend: true } channel || _connectors.Find(channel.Kind) is not { } connector)
        {
            // Everything waits in the table until the account may send again; the change of status wakes us.
            Forget();
            return;
        }

        // The next page only when most of the last one is gone: a backlog is read once, not once per reply.
        if (_mustLoad && _held < Most / 2)
        {
            await LoadAsync(channel, cancellationToken);
        }

        await ResumeLookUpsAsync(channel, connector, cancellationToken);

        // The provider said so in a webhook; what it says in answer to a send is in the reports already.
        if (channel.Throttle.HeldUntil is { } heldUntil)
        {
            _reports.HoldUntil(heldUntil);
        }

        StartDue(channel, connector);
    }

    // What was settled while the table was read may still be in what was read: sending it again would double it.
    private async Task LoadAsync(ChannelEntry channel, CancellationToken cancellationToken)
    {
        _mustLoad = false;
        _loading = true;
        _settledWhileLoading.Clear();
        try
        {
            var rows = await _outbox.LoadAsync(channel.Tenant, Account, after: null, Most, cancellationToken);
            foreach (var row in rows)
            {
                if (!_settledWhileLoading.Contains(row.Reply.Id))
                {
                    Hold(row);
                }
            }

            if (rows.Length >= Most)
            {
                ForgetAfter(rows[^1].Reply.Id);
            }
        }
        catch
        {
            _mustLoad = true;
            throw;
        }
        finally
        {
            _loading = false;
        }
    }

    private void Add(OutboxRow row)
    {
        if (_held >= Most)
        {
            _mustLoad = true;
            return;
        }

        Hold(row);
    }

    private void Hold(OutboxRow row)
    {
        if (LaneOf(row.Reply.Conversation).TryAdd(row))
        {
            _held++;
        }
    }

    private Lane LaneOf(ConversationId conversation) => _lanes.TryGetValue(conversation, out var lane) ? lane : _lanes[conversation] = new Lane();

    private void RemoveIfEmpty(ConversationId conversation, Lane lane)
    {
        if (lane.IsEmpty && _lanes.GetValueOrDefault(conversation) == lane)
        {
            _lanes.Remove(conversation);
        }
    }

    // Behind a full page there may be more: what callers brought while it was read could lie behind that, and must not be taken for its conversation's next.
    private void ForgetAfter(MessageId last)
    {
        foreach (var lane in _lanes.Values)
        {
            _held -= lane.RemoveAfter(last);
        }

        foreach (var (conversation, _) in _lanes.Where(pair => pair.Value is { IsEmpty: true, Busy: false }).ToList())
        {
            _lanes.Remove(conversation);
        }

        _mustLoad = true;
    }

    private void Forget()
    {
        foreach (var (conversation, lane) in _lanes.ToList())
        {
            if (!lane.Busy)
            {
                _lanes.Remove(conversation);
            }
        }

        _held = _lanes.Values.Sum(lane => lane.Count);
        _mustLoad = true;
    }

    // One reply per conversation at a time; the alarm rings for those whose time has not come.
    private void StartDue(ChannelEntry channel, IConnector connector)
    {
        var now = _clock.GetUtcNow();
        var next = DateTimeOffset.MaxValue;

        // After a failure of the connection one reply tries it for all.
        var most = _reports.IsAiling ? 1 : connector.Manifest.Limits.Concurrency;
        foreach (var lane in _lanes.Values)
        {
            if (lane.Busy || lane.Head is not { } row)
            {
                continue;
            }

            var due = RetryPolicy.DueAt(row, _reports.NotBefore, now);
            if (due > now)
            {
                next = due < next ? due : next;
                continue;
            }

            if (_sends.Count >= most)
            {
                break;
            }

            if (_paces.WaitFor(connector, row.Reply.ChatId) is { Ticks: > 0 } rest)
            {
                next = now + rest < next ? now + rest : next;
                continue;
            }

            if (_pace.Take(connector, channel.Throttle) is { Ticks: > 0 } wait)
            {
                next = now + wait < next ? now + wait : next;
                break;
            }

            _paces.Take(connector, row.Reply.ChatId);
            lane.Busy = true;
            Follow(SendAsync(channel, connector, lane, row));
        }

        if (next < DateTimeOffset.MaxValue)
        {
            _alarm.Set(next - now);
        }
    }

    private void Follow(Task send)
    {
        if (!send.IsCompleted)
        {
            _sends.Add(send);
            _ = ForgetWhenDoneAsync(send);
        }
    }

    private async Task ForgetWhenDoneAsync(Task send)
    {
        await send;
        _sends.Remove(send);
        _pump.Signal();
    }

    private async Task SendAsync(ChannelEntry channel, IConnector connector, Lane lane, OutboxRow row)
    {
        // The turn that started this ends first: a send is never part of somebody's call.
        await Task.Yield();
        try
        {
            await AttemptAsync(channel, connector, lane, row);
        }
        catch (Exception failure)
        {
            // The store did not take a step. Its row says how far we came; it is read again after a pause.
            DeliveryLog.StepFailed(_logger, row.Reply.Id, failure.GetType().Name);
            lane.Busy = false;
            Forget();
            _reports.HoldUntil(_clock.GetUtcNow() + TimeSpan.FromSeconds(1));
            _alarm.Set(TimeSpan.FromSeconds(1));
        }
        finally
        {
            lane.Busy = false;
            if (_loading)
            {
                _settledWhileLoading.Add(row.Reply.Id);
            }

            RemoveIfEmpty(row.Reply.Conversation, lane);
        }
    }

    private async Task AttemptAsync(ChannelEntry channel, IConnector connector, Lane lane, OutboxRow row)
    {
        var duplicate = row.PossiblyDuplicate;
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
            lane.Remove(row);
            _held--;
            return;
        }

        if (start.OutOfReachSince is not null)
        {
            await SettleAsync(channel, lane, row with { PossiblyDuplicate = duplicate }, RetryPolicy.OutOfReach(start, duplicate), attempt);
            return;
        }

        var message = _files.MessageOf(channel.Tenant, row.Reply);
        var started = _clock.GetUtcNow();
        var outcome = await CallAsync(connector, channel.Connection, message);
        await SettleAsync(channel, lane, row with { PossiblyDuplicate = duplicate }, outcome, attempt);
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

    private async Task SettleAsync(ChannelEntry channel, Lane lane, OutboxRow row, SendOutcome outcome, int attempt)
    {
        var now = _clock.GetUtcNow();
        if (outcome is SendOutcome.TryLater && now - IdSource.TimeOf(row.Reply.Id.Value) > RetryPolicy.Patience)
        {
            outcome = new SendOutcome.Refused("gave-up", $"not taken in {RetryPolicy.Patience.TotalHours:0} hours and {attempt} attempts");
        }
        else if (outcome is SendOutcome.TryLater { MostAttempts: { } most } last && attempt >= most)
        {
            outcome = new SendOutcome.Refused(last.Code, last.Reason);
        }

        var next = now + outcome switch
        {
            SendOutcome.TryLater later => RetryPolicy.WaitAfter(later, attempt, Random.Shared),
            SendOutcome.Blocked => TimeSpan.FromMinutes(1),
            _ => TimeSpan.Zero,
        };
        await _settlements.SettleAsync(new SendSettlement(channel.Tenant, Account, row.Reply, outcome, next));
        await _reports.AddAsync(channel, outcome);
        if (outcome is SendOutcome.TryLater or SendOutcome.Blocked)
        {
            lane.Replace(row with { State = OutboxState.Queued, Attempts = attempt, NextAttemptAt = next });
        }
        else
        {
            lane.Remove(row);
            _held--;
        }
    }
}
