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
    /// <summary>Until a reply that cannot be read here is looked at again.</summary>
    private static readonly TimeSpan Unread = TimeSpan.FromMinutes(1);

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IOutbox _outbox;
    private readonly LostSends _lostSends;
    private readonly OutboundFiles _files;
    private readonly TimeProvider _clock;
    private readonly EvenClock _evenClock;
    private readonly ILogger<DeliveryGrain> _logger;
    private readonly Dictionary<ConversationId, Lane> _lanes = [];
    private readonly HashSet<Task> _sends = [];
    private readonly ConnectionReports _reports;
    private readonly Settlements _settlements;
    private readonly ChatPaces _paces;
    private readonly AccountPace _pace;
    private readonly FileTurn _fileTurn;
    private readonly Reservations _reservations;
    private readonly Closing _closing;
    private readonly Pump _pump;
    private readonly Alarm _alarm;
    private readonly Alarm _reservationsEnd;
    private readonly Alarm _awake;
    private bool _othersWait;

    public DeliveryGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IOutbox outbox, LostSends lostSends, OutboundFiles files, Closing closing, TimeProvider clock, EvenClock evenClock,
        ILogger<DeliveryGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _outbox = outbox;
        _lostSends = lostSends;
        _files = files;
        _clock = clock;
        _evenClock = evenClock;
        _logger = logger;
        _paces = new ChatPaces(clock);
        _pace = new AccountPace(clock);
        _reservations = new Reservations(clock);
        _closing = closing;
        _reports = new ConnectionReports(connector => GrainFactory.GetGrain<IConnectorGrain>(connector.Value), directory, clock, logger);
        _pump = new Pump(DeliverAsync, () => $"account {Account}", clock, logger);
        _fileTurn = new FileTurn(files, _pump.Signal, _pump.Stopping);
        _alarm = new Alarm(this, _pump);
        _reservationsEnd = new Alarm(this, LookAtReservations);
        _awake = new Alarm(this, LookAtSends);
        _settlements = new Settlements(outbox, lostSends, RepeatAsync, clock, logger, _pump.Stopping);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _pump.StopAsync();
        _fileTurn.LetGo();

        // What is on its way is let arrive, so that its outcome is known.
        await Task.WhenAll(_sends);
    }

    /// <inheritdoc/>
    public Task EnqueueAsync(TenantId tenant, ImmutableArray<QueuedReply> replies)
    {
        foreach (var reply in replies)
        {
            if (_reservations.Take(reply.Id) is { } place)
            {
                Vacate(place);
            }

            Add(new OutboxRow(reply, OutboxState.Queued, 0, DateTimeOffset.MinValue, null, false));
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
        GiveUpReservations();
        if (await _directory.FindAsync(Account, cancellationToken) is not { MaySend: true } channel || _connectors.Find(channel.Kind) is not { } connector)
        {
            // Everything waits in the table until the account may send again; the change of status wakes us.
            _sender = null;
            _fileTurn.LetGo();
            Forget();
            return;
        }

        _sender = (channel, connector);

        await ReadAsync(channel, cancellationToken);
        await ResumeLookUpsAsync(channel, connector, cancellationToken);

        // The provider said so in a webhook; what it says in answer to a send is in the reports already.
        if (channel.Throttle.HeldUntil is { } heldUntil)
        {
            _reports.HoldUntil(heldUntil, ReplyWaitCause.RateLimited);
        }

        StartDue(channel, connector);
    }

    // After a failure of the connection one reply tries it for all.
    private int MostAtOnce(IConnector connector) => _reports.IsAiling ? 1 : connector.Manifest.Limits.Concurrency;

    // Whoever a place for a file is here for goes first; where that needs none any more, or not yet, it goes to others.
    private IEnumerable<Lane> InTurn(IConnector connector, DateTimeOffset now)
    {
        if (_fileTurn.First is { } first && _lanes.GetValueOrDefault(first) is { Busy: false, Head: { } row } lane && OutboundFiles.NeedsPlace(row.Reply)
            && RetryPolicy.DueAt(row, _reports.NotBefore, now) <= now && _paces.WaitFor(connector, row.Reply.ChatId) <= TimeSpan.Zero)
        {
            return _lanes.Values.Prepend(lane);
        }

        _fileTurn.LetGo();
        return _lanes.Values;
    }

    // One reply per conversation at a time; the alarm rings for those whose time has not come.
    private void StartDue(ChannelEntry channel, IConnector connector)
    {
        var now = _clock.GetUtcNow();
        var next = DateTimeOffset.MaxValue;
        (_othersWait, _stuck) = (false, _reports.NotBefore <= now);

        var most = MostAtOnce(connector);
        var oldest = _evenClock.IsEven() ? channel.Policy.ReplyMaxAge : null;
        foreach (var lane in InTurn(connector, now))
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

            if (_sends.Count + _reservations.Count >= most)
            {
                (_othersWait, _stuck) = (true, false);
                break;
            }

            if ((RetryPolicy.TooOld(row, oldest, now) ?? RetryPolicy.Unreadable(row, now)) is { } refused)
            {
                // Nothing is sent: it takes none of the pace. Nor is it begun, which a crash would leave as one that may have left; what we hold may be out of date, and the store decides.
                _stuck = false;
                lane.UnderWay = row.Reply.Id;
                Follow(SendAsync(lane, row, () => SettleAsync(channel, lane, row, refused, row.Attempts, isBegun: false)));
                continue;
            }

            if (row is { IsUnreadable: true, State: OutboxState.Queued })
            {
                next = now + Unread < next ? now + Unread : next;
                continue;
            }

            if (_paces.WaitFor(connector, row.Reply.ChatId) is { Ticks: > 0 } rest)
            {
                next = now + rest < next ? now + rest : next;
                continue;
            }

            // Its coming wakes us. The others go on.
            var hasFile = OutboundFiles.NeedsPlace(row.Reply);
            if (hasFile && !_fileTurn.IsHere(channel.Tenant, row.Reply.Conversation))
            {
                continue;
            }

            if (_pace.Take(connector, channel.Throttle) is { Ticks: > 0 } wait)
            {
                next = now + wait < next ? now + wait : next;
                (_othersWait, _stuck) = (true, false);
                break;
            }

            _stuck = false;
            _paces.Take(connector, row.Reply.ChatId);
            lane.UnderWay = row.Reply.Id;
            Follow(SendAsync(lane, row, () => AttemptAsync(channel, connector, lane, row), hasFile ? _fileTurn.Take() : null));
        }

        // Kept over the moment only until the account may send its next.
        if (!_othersWait)
        {
            _fileTurn.LetGo();
        }

        if (next < DateTimeOffset.MaxValue)
        {
            _alarm.Set(next - now);
        }

        // What waits for times of its own keeps nobody else waiting.
        if (_stuck && HasMoreToRead && HasRoomBeyond)
        {
            _pump.Signal();
        }
    }
}
