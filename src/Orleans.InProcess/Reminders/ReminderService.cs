namespace Orleans.Reminders;

/// <summary>Keeps the stored reminders ticking while the process runs.</summary>
/// <remarks>Ticks missed while it did not run are skipped: the next one falls on the reminder's own rhythm.</remarks>
internal sealed partial class ReminderService(GrainCatalog catalog, IReminderTable table) : IDisposable
{
    // Timers cannot wait longer; a reminder that is due later looks again then.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<(GrainId Grain, string Name), Bell> _bells = new();

    public IReminderTable Table => table;

    private TimeProvider Clock => catalog.Clock;

    public async Task StartAsync(CancellationToken cancellationToken) => (await table.ReadAllAsync(cancellationToken)).ForEach(Hang);

    public async Task<IGrainReminder> RegisterAsync(GrainId grain, string name, TimeSpan dueTime, TimeSpan period, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, TimeSpan.Zero);
        if (period < catalog.Options.MinimumReminderPeriod)
        {
            throw new ArgumentException(
                $"Reminder '{name}' asks for a period of {period}; the least is {catalog.Options.MinimumReminderPeriod}.", nameof(period));
        }

        var reminder = new Reminder(grain, name, Clock.GetUtcNow().UtcDateTime + dueTime, period, 0);
        reminder = reminder with { Version = await table.UpsertAsync(reminder, CancellationToken.None) };
        Hang(reminder);
        return reminder;
    }

    public async Task UnregisterAsync(IGrainReminder reminder)
    {
        var stored = (Reminder)reminder;
        if (!await table.DeleteAsync(stored, CancellationToken.None)
            && await table.FindAsync(stored.Grain, stored.ReminderName, CancellationToken.None) is not null)
        {
            throw new ReminderException($"Reminder '{stored.ReminderName}' of {stored.Grain} was not removed: it has changed since it was read.");
        }

        if (_bells.TryRemove((stored.Grain, stored.ReminderName), out var bell))
        {
            bell.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var bell in _bells.Values)
        {
            bell.Dispose();
        }
    }

    private void Hang(Reminder reminder)
    {
        var bell = new Bell(this, reminder);
        _bells.AddOrUpdate((reminder.Grain, reminder.ReminderName), bell, (_, old) =>
        {
            old.Dispose();
            return bell;
        });
        bell.Arm();
    }

    private async Task RingAsync(Reminder reminder, DateTime now)
    {
        try
        {
            var grain = catalog.Factory.GetGrain<IRemindable>(reminder.Grain);
            await grain.ReceiveReminder(reminder.ReminderName, new(reminder.StartAt, reminder.Period, now));
        }
        catch (Exception failure)
        {
            // The tick is lost; the rhythm goes on.
            Log.TickFailed(catalog.Logger, failure, reminder.ReminderName, reminder.Grain);
        }
    }

    /// <summary>One reminder's timer. The next tick is set when the last was served, so ticks do not pile up.</summary>
    private sealed class Bell : IDisposable
    {
        private readonly ReminderService _service;
        private readonly Reminder _reminder;
        private readonly ITimer _timer;
        private DateTime _due;

        public Bell(ReminderService service, Reminder reminder)
        {
            (_service, _reminder) = (service, reminder);
            _timer = service.Clock.CreateContextlessTimer(() => _ = FireAsync());
        }

        private DateTime Now => _service.Clock.GetUtcNow().UtcDateTime;

        // A timer that was disposed meanwhile, because its reminder was replaced or ended, takes no notice.
        public void Arm()
        {
            var now = Now;
            var since = now - _reminder.StartAt;
            _due = since <= TimeSpan.Zero ? _reminder.StartAt : now + _reminder.Period - new TimeSpan(since.Ticks % _reminder.Period.Ticks);
            _timer.Change(_due - now < LongestWait ? _due - now : LongestWait, Timeout.InfiniteTimeSpan);
        }

        public void Dispose() => _timer.Dispose();

        private async Task FireAsync()
        {
            var now = Now;
            if (now >= _due)
            {
                await _service.RingAsync(_reminder, now);
            }

            Arm();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6005, LogLevel.Error, "Reminder {Reminder} of {Grain} failed; the next tick comes all the same")]
        public static partial void TickFailed(ILogger logger, Exception failure, string reminder, GrainId grain);
    }
}
