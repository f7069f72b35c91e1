using Channels.Core.Channels;
using Channels.Core.Connectors;
using Channels.Core.History;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.History;

/// <summary>Reads an account's history page by page and puts each page into the inbox, where it is recorded like everything else: as history, without a turn and without events.</summary>
/// <remarks>
/// A page is in the inbox before the checkpoint says so: a crash at any await brings the same page again, whose messages are then known. The reminder wakes
/// it after a restart. It stays behind what is written now: no page while the account has webhooks to work off, or while the front end is busy acknowledging.
/// </remarks>
internal sealed partial class HistoryImportGrain : Grain, IHistoryImportGrain, IRemindable
{
    private const string Alive = "history-import";
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);

    private readonly IChannelDirectory _directory;
    private readonly IConnectorCatalog _connectors;
    private readonly IHistoryImports _imports;
    private readonly IInbox _inbox;
    private readonly IAccountInbox _waiting;
    private readonly IInboxPressure _pressure;
    private readonly IdSource _ids;
    private readonly TimeProvider _clock;
    private readonly ILogger<HistoryImportGrain> _logger;
    private readonly Pump _pump;
    private readonly Alarm _alarm;
    private HistoryImport? _import;
    private bool _begins;
    private readonly Pause _pause;

    public HistoryImportGrain(
        IChannelDirectory directory, IConnectorCatalog connectors, IHistoryImports imports, IInbox inbox, IAccountInbox waiting, IInboxPressure pressure, IdSource ids,
        TimeProvider clock, ILogger<HistoryImportGrain> logger)
    {
        _directory = directory;
        _connectors = connectors;
        _imports = imports;
        _inbox = inbox;
        _waiting = waiting;
        _pressure = pressure;
        _ids = ids;
        _clock = clock;
        _logger = logger;
        _pause = new Pause(clock);
        _pump = new Pump(ReadOnAsync, () => $"account {Account}", clock, logger);
        _alarm = new Alarm(this, _pump);
    }

    private AccountId Account => new(this.GetPrimaryKey());

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _pump.StopAsync();

    /// <inheritdoc/>
    public async Task<HistoryImport> StartAsync(TenantId tenant, HistoryStrategy strategy, int? most, CancellationToken cancellationToken)
    {
        if (await LoadAsync(tenant, cancellationToken) is { State: HistoryImportState.Running } running)
        {
            _pump.Signal();
            return running;
        }

        var now = _clock.GetUtcNow();
        var wantsNothing = strategy == HistoryStrategy.NewOnly;
        var import = new HistoryImport(
            _ids.Next(), strategy, most, wantsNothing ? HistoryImportState.Done : HistoryImportState.Running, 0, null, null, null, 0, now, now, wantsNothing ? now : null);

        // The loop may just be taking away the reminder of the import before.
        _begins = !wantsNothing;
        try
        {
            // First: should we die between the two, the reminder finds nothing to do; the other way round nobody would go on.
            if (!wantsNothing)
            {
                await this.RegisterOrUpdateReminder(Alive, Life, Life, cancellationToken);
            }

            await KeepAsync(tenant, import, cancellationToken);
        }
        finally
        {
            _begins = false;
        }

        _pause.Begin(TimeSpan.Zero);
        Log.Started(_logger, Account, strategy);
        _pump.Signal();
        return import;
    }

    /// <inheritdoc/>
    public async Task<HistoryImport?> CancelAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (await LoadAsync(tenant, cancellationToken) is not { State: HistoryImportState.Running } running)
        {
            return _import;
        }

        var now = _clock.GetUtcNow();
        var cancelled = running with { State = HistoryImportState.Cancelled, Reason = "cancelled", NextStep = null, UpdatedAt = now, EndedAt = now };
        await KeepAsync(tenant, cancelled, cancellationToken);
        return cancelled;
    }

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _pump.Signal();
        return Task.CompletedTask;
    }

    // One page. What follows is signalled, so that a cancellation is noticed in between.
    private async Task ReadOnAsync(CancellationToken cancellationToken)
    {
        if (await _directory.FindAsync(Account, cancellationToken) is not { } channel)
        {
            // Gone, and its import with it: what is remembered of it must not keep the reminder.
            _import = null;
            await ForgetReminderAsync();
            return;
        }

        if (await LoadAsync(channel.Tenant, cancellationToken) is not { State: HistoryImportState.Running } import)
        {
            await ForgetReminderAsync();
            return;
        }

        if (_pause.Left is { Ticks: > 0 } left)
        {
            _alarm.Set(left);
            return;
        }

        if (!await IsQuietAsync(channel, cancellationToken))
        {
            WaitFor(HistoryPace.BehindLiveTraffic);
            return;
        }

        var outcome = await ReadAsync(channel, import, cancellationToken);
        if (outcome is HistoryOutcome.Page page)
        {
            foreach (var body in page.Bodies)
            {
                await _inbox.AppendAsync(new InboundWebhook(channel.Tenant, Account, new WebhookId(_ids.Next()), _clock.GetUtcNow(), "", body), cancellationToken);
            }

            await GrainFactory.GetGrain<IAccountGrain>(this.GetPrimaryKey()).WakeAsync();
        }

        var (next, wait) = HistoryPace.After(import, outcome, _clock.GetUtcNow());

        // Cancelled meanwhile, or begun anew: then that counts.
        if (await LoadAsync(channel.Tenant, cancellationToken) is not { State: HistoryImportState.Running } running || running.Id != import.Id)
        {
            return;
        }

        await KeepAsync(channel.Tenant, next, cancellationToken);
        if (next.State == HistoryImportState.Running)
        {
            WaitFor(wait);
            return;
        }

        Log.Ended(_logger, Account, next.State, next.Read);
        await ForgetReminderAsync();
    }

    private async Task<bool> IsQuietAsync(ChannelEntry channel, CancellationToken cancellationToken) =>
        !_pressure.OthersAreAbout && !_pressure.IsMadeBy(channel.Tenant) && (await _waiting.ReadAsync(channel.Tenant, Account, 1, cancellationToken)).IsEmpty;

    private async Task<HistoryOutcome> ReadAsync(ChannelEntry channel, HistoryImport import, CancellationToken cancellationToken)
    {
        if (_connectors.Find(channel.Kind) is not IHistoryConnector connector)
        {
            return new HistoryOutcome.Refused($"channels of kind {channel.Kind} have no history that can be asked for", "Nothing: messages are recorded as they come.");
        }

        using var limit = new CancellationTokenSource(CallLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await connector.ReadHistoryAsync(channel.Connection, import.Cursor, HistoryPace.Wanted(import), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new HistoryOutcome.TryLater(TimeSpan.Zero, $"no answer within {CallLimit.TotalSeconds:0} s");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.ConnectorThrew(_logger, connector.Manifest.Id, failure.GetType().Name, failure.StackTrace);
            return new HistoryOutcome.TryLater(TimeSpan.Zero, $"the connector failed ({failure.GetType().Name})");
        }
    }

    private async Task<HistoryImport?> LoadAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (_import is null)
        {
            // What was decided while it was read is newer.
            var read = await _imports.FindAsync(tenant, Account, cancellationToken);
            _import ??= read;
        }

        return _import;
    }

    private async Task KeepAsync(TenantId tenant, HistoryImport import, CancellationToken cancellationToken)
    {
        // In memory first: who cancels while a page is being saved cancels what is saved, and the page does not bring the import back.
        _import = import;
        try
        {
            await _imports.SaveAsync(tenant, Account, import, cancellationToken);
        }
        catch
        {
            // It may be saved all the same: the table says.
            _import = ReferenceEquals(_import, import) ? null : _import;
            throw;
        }
    }

    private void WaitFor(TimeSpan wait)
    {
        _pause.Begin(wait);
        _alarm.Set(wait);
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(Alive) is { } reminder && !_begins && _import is not { State: HistoryImportState.Running })
        {
            await this.UnregisterReminder(reminder);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4501, LogLevel.Information, "Account {Account} imports its history ({Strategy})")]
        public static partial void Started(ILogger logger, AccountId account, HistoryStrategy strategy);

        [LoggerMessage(4502, LogLevel.Information, "Account {Account} ended its import as {State} after {Read} messages")]
        public static partial void Ended(ILogger logger, AccountId account, HistoryImportState state, long read);

        [LoggerMessage(4503, LogLevel.Error, "The connector {Kind} threw {Failure} while it read history\n{Trace}")]
        public static partial void ConnectorThrew(ILogger logger, string kind, string failure, string? trace);
    }
}
