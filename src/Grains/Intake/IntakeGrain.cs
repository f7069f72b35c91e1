using System.Collections.Immutable;
using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Intake;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Intake;

/// <summary>Fetches one account's messages, or watches that they are still posted to us, and says what is wrong when nothing comes any more.</summary>
/// <remarks>
/// Message path, before step 2. Next: <see cref="IInbox"/>. A batch is in the inbox before its cursor is kept, and its cursor is kept before the provider hears of it: a crash
/// at any await brings the same batch again, whose messages are then known. Pure parts: <see cref="IntakeVerdict"/> and the connector's.
/// </remarks>
internal sealed partial class IntakeGrain : Grain, IIntakeGrain
{
    /// <summary>How long after its last sign of life a poller is taken for dead, beyond the longest that a call may take.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShortestRound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StayAwake = TimeSpan.FromMinutes(1);

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IInbox _inbox;
    private readonly IdSource _ids;
    private readonly IntakeOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<IntakeGrain> _logger;
    private readonly Pump _pump;
    private readonly Alarm _alarm;
    private readonly IIntakeStore _store;
    private readonly IntakeRow _row;
    private readonly IntakeNews _news;
    private CancellationTokenSource? _call;
    private IGrainTimer? _awake;
    private readonly Pause _pause;

    public IntakeGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IIntakeStore store, IInbox inbox, IdSource ids, IntakeOptions options, TimeProvider clock, ILogger<IntakeGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _inbox = inbox;
        _ids = ids;
        _options = options;
        _clock = clock;
        _logger = logger;
        _pause = new Pause(clock);
        _pump = new Pump(AttendAsync, () => $"account {Account}", clock, logger);
        _alarm = new Alarm(this, _pump);
        _store = store;
        _row = new IntakeRow(store);
        _news = new IntakeNews(_row, directory, SayAsync, HealAsync, clock, logger);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    private DateTimeOffset Now => _clock.GetUtcNow();

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _pump.StopAsync();

    /// <inheritdoc/>
    public async Task StartAsync(TenantId tenant)
    {
        _directory.Forget(Account);
        if (await FindAsync(CancellationToken.None) is not { } channel || channel.Tenant != tenant)
        {
            return;
        }

        // The provider has just been asked: a webhook need not be looked at again at once.
        _pause.Begin(TimeSpan.Zero);
        // How the account stands has not been asked.
        var isDue = IsPolled(channel) || _connectors.Find(channel.Kind) is IHealthWatch;
        await KeepAsync(channel, _row.Now!.Untroubled with { DueAt = isDue ? Now : Now + _options.WatchEvery });
        await GiveUpCallAsync();
        _pump.Signal();
    }

    /// <inheritdoc/>
    public async Task StopAsync(TenantId tenant)
    {
        _directory.Forget(Account);
        if (await FindAsync(CancellationToken.None) is { } channel && channel.Tenant == tenant)
        {
            await KeepAsync(channel, _row.Now!.Untroubled with { DueAt = null });
        }

        Rest();
        await GiveUpCallAsync();
    }

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        _pump.Signal();
        return Task.CompletedTask;
    }

    // One look, or one call for messages. What follows is signalled, so that a stop is noticed in between.
    private async Task AttendAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(cancellationToken) is not { } channel || _row.Now is not { DueAt: { } due } || channel.Status is AccountStatus.Inactive or AccountStatus.Pending)
        {
            Rest();
            return;
        }

        var polled = IsPolled(channel);
        if (polled && _pause.Left is { Ticks: > 0 } left)
        {
            _alarm.Set(left);
            return;
        }

        // Of a webhook the row is enough: the sweep wakes us, also when a clock that was set back has made its time absurd.
        if (!polled && due - Now is { Ticks: > 0 } wait && wait <= _options.FurthestLook)
        {
            return;
        }

        if (polled && _connectors.Find(channel.Kind) is IPollingConnector polling)
        {
            await PollAsync(channel, polling, cancellationToken);
        }
        else if (_connectors.Find(channel.Kind) is IWebhookWatch watch)
        {
            Rest();
            await WatchAsync(channel, watch, cancellationToken);
        }
        else if (_connectors.Find(channel.Kind) is IHealthWatch health)
        {
            Rest();
            await CheckHealthAsync(channel, health, cancellationToken);
        }
    }

    private async Task PollAsync(ChannelEntry channel, IPollingConnector connector, CancellationToken cancellationToken)
    {
        KeepAwake();
        var asked = _clock.GetTimestamp();
        var outcome = await CallAsync(
            connector, connector.LongestWait + CallLimit, token => connector.PollAsync(channel.Connection, _row.Now!.Cursor, token),
            new PollOutcome.TryLater(TimeSpan.Zero, "provider-unreachable", "no answer in time"), cancellationToken);

        // Whoever gave the call up has changed the row; what it brought was not confirmed and comes again.
        if (outcome is null || _row.Now is not { DueAt: not null } found)
        {
            _pump.Signal();
            return;
        }

        var intake = found;
        if (outcome is PollOutcome.Fetched fetched)
        {
            await StoreAsync(channel, fetched.Bodies, cancellationToken);
            intake = intake with { Cursor = fetched.Cursor };
        }

        var failures = outcome is PollOutcome.Fetched ? 0 : intake.Failures + 1;
        intake = await _news.TellAsync(channel, intake, IntakeVerdict.Of(outcome, failures), cancellationToken);
        var pause = outcome switch
        {
            // Whoever answers at once that there is nothing does not wait with us: asked at that rate, it would be all we do.
            PollOutcome.Fetched { Bodies.IsEmpty: true } when _clock.GetElapsedTime(asked) is var took && took < ShortestRound => ShortestRound - took,
            PollOutcome.Fetched => TimeSpan.Zero,
            PollOutcome.TryLater later when later.After > RetryAfter(failures) => later.After < IntakeOptions.LongestWish ? later.After : IntakeOptions.LongestWish,
            _ => RetryAfter(failures),
        };
        _pause.Begin(pause);

        await _row.EndLookAsync(channel.Tenant, Account, found, intake with { Failures = failures, DueAt = Now + pause + connector.LongestWait + CallLimit + Lease });
        _pump.Signal();
    }

    // One after the other: of two that are stored at once the later may be seen first, and order within a chat is promised.
    private async Task StoreAsync(ChannelEntry channel, ImmutableArray<ReadOnlyMemory<byte>> bodies, CancellationToken cancellationToken)
    {
        foreach (var body in bodies)
        {
            await _inbox.AppendAsync(new InboundWebhook(channel.Tenant, Account, new WebhookId(_ids.Next()), Now, "", body), cancellationToken);
        }
    }

    private async Task WatchAsync(ChannelEntry channel, IWebhookWatch watch, CancellationToken cancellationToken)
    {
        var reading = await CallAsync(
            watch, CallLimit, token => watch.ReadWebhookAsync(channel.Connection, Now, token), new WebhookReading.Unreachable("no answer in time"), cancellationToken);
        if (reading is null || _row.Now is not { DueAt: not null } intake)
        {
            return;
        }

        var failures = reading is WebhookReading.Unreachable ? intake.Failures + 1 : 0;
        var verdict = IntakeVerdict.Of(reading, failures);
        if (reading is WebhookReading.Flowing flowing && watch is ISequencedUpdates)
        {
            verdict = IntakeVerdict.Of(await _store.ReadGapAsync(channel.Tenant, Account, cancellationToken), flowing, Now - _options.MissingAfter);
        }

        var told = await _news.TellAsync(channel, intake, verdict, cancellationToken);
        var wait = told.Code is null && failures == 0 ? _options.WatchEvery : _options.WatchAilingEvery;
        await _row.EndLookAsync(channel.Tenant, Account, intake, told with { Failures = failures, DueAt = Now + wait });
    }

    private Task SayAsync(AccountStatusChange change, CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<IAccountGrain>(this.GetPrimaryKey()).SetStatusAsync(change, cancellationToken);

    private Task HealAsync(ChannelEntry channel) => GrainFactory.GetGrain<IConnectorGrain>(channel.Connector.Value).ReportHealthyAsync(channel.Tenant);

    /// <summary>Null when it was given up because the owner's wish changed.</summary>
    private async Task<TAnswer?> CallAsync<TAnswer>(
        IConnector connector, TimeSpan longest, Func<CancellationToken, Task<TAnswer>> ask, TAnswer silence, CancellationToken cancellationToken)
        where TAnswer : class
    {
        using var limit = new CancellationTokenSource(longest, _clock);
        using var changed = new CancellationTokenSource();
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, changed.Token, cancellationToken);
        _call = changed;
        try
        {
            return await ask(any.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return changed.IsCancellationRequested ? null : silence;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            IntakeLog.ConnectorThrew(_logger, connector.Manifest.Id, failure.GetType().Name, failure.StackTrace);
            return silence;
        }
        finally
        {
            _call = _call == changed ? null : _call;
        }
    }

    private Task GiveUpCallAsync() => _call is { } call ? call.CancelAsync() : Task.CompletedTask;

    private async Task<ChannelEntry?> FindAsync(CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel)
        {
            return null;
        }

        await _row.LoadAsync(channel.Tenant, Account, cancellationToken);
        return channel;
    }

    private Task KeepAsync(ChannelEntry channel, AccountIntake intake) => _row.KeepAsync(channel.Tenant, Account, intake);

    private bool IsPolled(ChannelEntry channel) => _connectors.Find(channel.Kind) is IPollingConnector connector && connector.IsPolled(channel.Connection);

    private TimeSpan RetryAfter(int failures)
    {
        var doubling = _options.FirstRetry * Math.Pow(2, Math.Min(failures - 1, 10));
        return doubling < LongestRetry ? doubling : LongestRetry;
    }

    // Nobody calls a grain that polls; without this it would be taken for idle and collected.
    private void KeepAwake() => _awake ??= this.RegisterGrainTimer(
        _ =>
        {
            _pump.Signal();
            return Task.CompletedTask;
        },
        new GrainTimerCreationOptions { DueTime = StayAwake, Period = StayAwake, Interleave = true, KeepAlive = true });

    private void Rest()
    {
        _awake?.Dispose();
        _awake = null;
    }
}
