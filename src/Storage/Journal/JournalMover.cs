using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Core.Text;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Journal;

/// <summary>Brings what was acknowledged from the journal into the inbox, in order: at once while the machine keeps up, with rests while acknowledging takes all it has.</summary>
/// <remarks>
/// Behind step 2 of 6 of the message path; next: the account grain, which hears of it as of any other webhook.
/// A failure is logged and tried again, from where the table says it has come.
/// </remarks>
internal sealed partial class JournalMover : BackgroundService
{
    /// <summary>Batches in one transaction; they also end with a megabyte.</summary>
    private const int Most = 256;

    /// <summary>Bytes after which a transaction takes no more while others are about: their commits wait behind it.</summary>
    private const int EnoughBesideOthers = 64 << 10;

    /// <summary>Rest over work while the processors are not enough for those whose webhooks are moved.</summary>
    private const double MuchRest = 9;

    /// <summary>The same when they were not of late.</summary>
    private const double SomeRest = 2;

    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>So long after the last webhook its files go.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(10);

    /// <summary>When the process ends, what is in the journal is moved for so long: whoever backs up the database, or goes back to an earlier version, finds it all there.</summary>
    private static readonly TimeSpan AtTheEnd = TimeSpan.FromSeconds(10);

    private readonly InboxJournal _journal;
    private readonly JournalTable _table;
    private readonly ChannelsDatabase _database;
    private readonly IInboxPressure _pressure;
    private readonly IArrivals _arrivals;
    private readonly CommitCondition _condition;
    private readonly PacedHints _hints;
    private readonly TimeProvider _clock;
    private readonly ILogger<JournalMover> _logger;
    private readonly double _restPerWork;
    private readonly RepeatedLine _failed;
    private TenantId _movedLast;
    private long _inTable;
    private int _most = Most;
    private bool _mustAsk;

    public JournalMover(
        InboxJournal journal, ChannelsDatabase database, IInboxPressure pressure, IArrivals arrivals, IInboxHint hint, CommitCondition condition, DrainShare share, TimeProvider clock, ILogger<JournalMover> logger)
    {
        _journal = journal;
        _table = new JournalTable(database, journal.RefusedDirectory, clock, logger);
        _database = database;
        _pressure = pressure;
        _arrivals = arrivals;
        _condition = condition;
        _hints = new PacedHints(hint, pressure, clock);
        _clock = clock;
        _logger = logger;
        _restPerWork = (1 / share.UnderPressure) - 1;
        _failed = new RepeatedLine(clock, TimeSpan.FromSeconds(10));
        _inTable = journal.MovedUpTo;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(AtTheEnd, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (await TryMoveAsync(either.Token))
            {
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // What is left is told below.
        }

        if (_journal.Contents.Count is > 0 and var left)
        {
            Log.Left(_logger, left);
        }
    }

    /// <summary>Moves one piece.</summary>
    /// <returns>False when there is none, or it failed.</returns>
    internal async Task<bool> TryMoveAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_mustAsk)
            {
                _inTable = (await JournalPosition.ReadAsync(_database.Pipeline, cancellationToken)).Moved;
                _mustAsk = false;
            }

            if (_journal.Reader.Read(Math.Max(1, _most), _pressure.OthersAreAbout ? EnoughBesideOthers : JournalReader.Enough, _inTable) is not { } piece)
            {
                _journal.Suspend(false);
                return false;
            }

            await MoveAsync(piece, cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // It may be in the table all the same.
            _mustAsk = true;
            _journal.Suspend(true);
            if (failure is PostgresException refused)
            {
                _condition.Refused(refused.SqlState);
                if (refused.SqlState == PostgresErrorCodes.DiskFull)
                {
                    _journal.GiveBack();
                }
            }

            if (_failed.IsDue(out var leftOut))
            {
                Log.Failed(_logger, failure.GetType().Name, (failure as PostgresException)?.SqlState, _journal.Contents.Count, leftOut);
            }

            return false;
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var began = _clock.GetTimestamp();
            if (await TryMoveAsync(stoppingToken))
            {
                await RestAsync(_clock.GetElapsedTime(began), stoppingToken);
            }
            else if (_mustAsk)
            {
                await Task.Delay(AfterFailure, _clock, stoppingToken);
            }
            else if (!await _journal.WaitAsync(Unused, stoppingToken))
            {
                _journal.Clear();
            }
        }
    }

    // In slices: when the flood is over, nobody rests on.
    private async Task RestAsync(TimeSpan took, CancellationToken cancellationToken)
    {
        var began = _clock.GetTimestamp();
        while (_clock.GetElapsedTime(began) < RestAfter(took))
        {
            await Task.Delay(Look, _clock, cancellationToken);
        }
    }

    // What is moved is also drained, and both take from those who wait for their 200. Who is in the journal and sends little any more waits behind the rest: for them it is moved faster.
    private TimeSpan RestAfter(TimeSpan took)
    {
        var share = !_pressure.MustRest && !_pressure.IsMadeBy(_movedLast) ? (_pressure.IsRationed(_movedLast) ? SomeRest : 0)
            : _journal.Contents.Tenants.All(_pressure.IsMadeBy) ? (_pressure.MustRest ? _restPerWork : MuchRest)
            : SomeRest;
        var rest = took * Math.Min(share, _restPerWork);
        return rest < LongestRest ? rest : LongestRest;
    }

    private async Task MoveAsync(JournalPiece piece, CancellationToken cancellationToken)
    {
        if (piece.Last > _inTable && !await BringAsync(piece, cancellationToken))
        {
            // Refused, to be brought in smaller pieces; or the table is ahead of what we know.
            _mustAsk = true;
            return;
        }

        _inTable = Math.Max(_inTable, piece.Last);
        _most = Most;
        _condition.Succeeded();
        _journal.Suspend(false);

        // Before the journal lets go of them: what is committed to the table from then on is not to be kept for an account that has not read these.
        var accounts = piece.Webhooks.Select(webhook => (webhook.Tenant, webhook.Account)).Distinct().ToList();
        foreach (var (_, account) in accounts)
        {
            _arrivals.Leave(account);
        }

        _movedLast = accounts[^1].Tenant;
        _journal.Reader.Moved(piece);
        _hints.Arrived(accounts);
    }

    private async Task<bool> BringAsync(JournalPiece piece, CancellationToken cancellationToken)
    {
        try
        {
            return await (_most == 0 ? _table.MoveByRowsAsync(piece, _inTable, cancellationToken) : _table.MoveAsync(piece, _inTable, cancellationToken));
        }
        catch (Exception failure) when (StoreFaults.RefusalOf(failure) is not null && _most > 0)
        {
            // One batch at a time, and that row by row.
            _most = piece.Count > 1 ? 1 : 0;
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2341, LogLevel.Warning, "The journal of the inbox could not be moved into the table ({Failure} {SqlState}); it is tried again. {Count} acknowledged webhooks are in it, on the disk. It failed {LeftOut} times more since this was last said")]
        public static partial void Failed(ILogger logger, string failure, string? sqlState, long count, long leftOut);

        [LoggerMessage(2342, LogLevel.Warning, "{Count} acknowledged webhooks are still in the journal of the inbox; they are moved at the next start")]
        public static partial void Left(ILogger logger, long count);
    }
}
