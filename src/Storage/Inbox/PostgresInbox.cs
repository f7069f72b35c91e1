using System.Diagnostics;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Batching;
using Channels.Storage.Database;
using Channels.Storage.Journal;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Inbox;

/// <summary>The table every webhook is written to before the provider gets its 200.</summary>
/// <remarks>
/// Message path, step 2 of 6. Previous: Api/Ingress. Next: <c>AccountGrain</c>.
/// Under pressure rows take the way through the journal where there is one (<see cref="InboxJournal"/>).
/// A row is never updated here; only the account that owns it finishes it, by its own id (commits become visible out of order, so there is no watermark).
/// </remarks>
internal sealed class PostgresInbox : IInbox, IAsyncDisposable
{
    // COPY is the cheapest way in; one COPY is one transaction.
    private static readonly string[] _copying =
        [.. InboxSlots.Tables.Select(table => $"copy {table} (tenant_id, account_id, id, received_at, path, body) from stdin (format binary)")];

    /// <summary>How rows get into each of <see cref="InboxSlots.Tables"/>.</summary>
    internal static IReadOnlyList<string> Copying => _copying;

    /// <summary>A webhook has its answer by then, also when the server hangs: 503, and its repetition is known should it be committed after all.</summary>
    internal static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of one tenant in a transaction, while some send much and others little.</summary>
    private const long HelpingBesideOthers = 256 << 10;

    private readonly ChannelsDatabase _database;
    private readonly InboxTraffic _traffic;
    private readonly IArrivals _arrivals;
    private readonly CommitCondition _condition;
    private readonly TimeProvider _clock;
    private readonly InboxJournal? _journal;
    private readonly PacedHints _hints;
    private readonly GivingWay _givingWay;
    private readonly GroupCommit<Arrival> _commits;
    private readonly GroupCommit<Arrival> _journaled;

    public PostgresInbox(
        ChannelsDatabase database, InboxTraffic traffic, IInboxHint hint, IArrivals arrivals, CommitCondition condition, TimeProvider clock, ILogger<PostgresInbox> logger, InboxJournal? journal = null)
        : this(database, traffic, hint, arrivals, condition, clock, logger, journal, patience: null)
    {
    }

    /// <param name="database">The inbox's.</param>
    /// <param name="traffic">Who sends how much.</param>
    /// <param name="hint">Hears of accounts with something new.</param>
    /// <param name="arrivals">Takes what was committed.</param>
    /// <param name="condition">Hears how transactions end.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">For failures.</param>
    /// <param name="journal">For what comes faster than the table takes it; null where there is none.</param>
    /// <param name="patience">When a transaction counts as hanging; null for <see cref="GroupCommitLimits"/>'s own.</param>
    internal PostgresInbox(
        ChannelsDatabase database, InboxTraffic traffic, IInboxHint hint, IArrivals arrivals, CommitCondition condition, TimeProvider clock, ILogger<PostgresInbox> logger, InboxJournal? journal,
        TimeSpan? patience)
    {
        _database = database;
        _traffic = traffic;
        _arrivals = arrivals;
        _condition = condition;
        _clock = clock;
        _journal = journal;
        _hints = new PacedHints(hint, traffic, clock);
        _givingWay = new GivingWay(traffic, clock);

        // Two at once: one fills its transaction while the other waits for the disk. More would only make the transactions smaller.
        // Where some send much and others little, one is kept for these: they find no long transaction under way.
        var limits = new GroupCommitLimits(ChannelsDatabase.MostAppends, Enough: 64, Items: 1024, Bytes: 4 << 20, Queue: 16_384)
        {
            // Who posts on many connections is answered by the batch and comes again by the batch: with small ones between, twice the transactions carry the same.
            EvenUpTo = 256,
            KeepsOne = () => traffic.IsUneven,
            AnswerWithin = AnswerWithin,
            Helping = () => traffic.IsUneven ? HelpingBesideOthers : long.MaxValue,
        };
        _commits = new GroupCommit<Arrival>(patience is { } given ? limits with { Patience = given } : limits, CommitObservedAsync, logger);

        // By itself: who waits for room in the journal keeps nobody from the table. One writes while the other waits for the disk.
        _journaled = new GroupCommit<Arrival>(new GroupCommitLimits(InboxJournal.Waiting, Enough: 64, Items: 1024, Bytes: 4 << 20, Queue: 16_384) { AnswerWithin = AnswerWithin }, AppendToJournalAsync, logger);
    }

    /// <inheritdoc/>
    public Task AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) =>
        _givingWay.Concerns(webhook.Tenant) ? GiveWayAsync(webhook) : CommitAsync(webhook, Stopwatch.GetTimestamp());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _commits.DisposeAsync();
        await _journaled.DisposeAsync();
    }

    private int Waiting => _commits.Waiting + _journaled.Waiting + _givingWay.Held;

    // Being held back is part of the wait.
    private Task GiveWayAsync(InboundWebhook webhook)
    {
        var since = Stopwatch.GetTimestamp();
        return _givingWay.CommitAsync(webhook.Tenant, () => CommitAsync(webhook, since));
    }

    private Task CommitAsync(InboundWebhook webhook, long since)
    {
        // Into the journal goes what comes faster than the table takes it, and what came so: until the last of a tenant's is in the table, later ones go the same way.
        if (_journal is { } journal)
        {
            if (journal.Joins(webhook))
            {
                return JournalAsync(journal, webhook, since);
            }

            // Not while others are about: then it is held back to what the table takes, and a file and its mover would only keep the disk from them.
            if (!_traffic.OthersAreAbout && _traffic.KeepsComing(webhook.Tenant) && journal.IsReady())
            {
                journal.Begins(webhook);
                return JournalAsync(journal, webhook, since);
            }
        }

        var arrival = new Arrival(webhook, _traffic.IsOther(webhook.Tenant)) { Since = since };
        return _commits.TryAdd(arrival) ? arrival.Done : Task.FromException(new InboxFullException());
    }

    private Task JournalAsync(InboxJournal journal, InboundWebhook webhook, long since)
    {
        var arrival = new Arrival(webhook, isPrompt: false, journal) { Since = since };
        if (_journaled.TryAdd(arrival))
        {
            return arrival.Done;
        }

        journal.Withdraw(webhook);
        return Task.FromException(new InboxFullException());
    }

    private async Task AppendToJournalAsync(IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        var waiting = batch.Count + Waiting;
        IReadOnlyList<InboundWebhook> webhooks = [.. batch.Select(arrival => arrival.Webhook)];
        using var rows = new InboxRows(webhooks);
        await _journal!.AppendAsync(rows.Rows, cancellationToken);

        // A batch is on the disk sooner than in the table: as many that wait stand for more that come.
        _traffic.Committed(webhooks, waiting + (waiting / 2));
    }

    private async Task CommitObservedAsync(IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(batch, cancellationToken);
        }
        catch (PostgresException refused)
        {
            _condition.Refused(refused.SqlState);
            throw;
        }

        _condition.Succeeded();
    }

    private async Task CommitAsync(IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        await using var connection = await _database.Appends.OpenConnectionAsync(cancellationToken);
        var waiting = batch.Count + Waiting;
        IReadOnlyList<InboundWebhook> webhooks = [.. batch.Select(arrival => arrival.Webhook)];
        using var rows = new InboxRows(webhooks);
        try
        {
            await CopyAsync(connection, rows, cancellationToken);
        }
        catch
        {
            // They may be in the table all the same, before what is committed next.
            foreach (var webhook in webhooks)
            {
                _arrivals.Leave(webhook.Account);
            }

            throw;
        }

        // After the commit, before the callers hear of it: the grain may start reading while the 200 travels.
        // A small transaction of those who send little says nothing of how much waits.
        _traffic.Committed(webhooks, batch.All(arrival => arrival.IsPrompt) ? null : waiting);
        _arrivals.Add(webhooks);
        _hints.Arrived(webhooks);
    }

    private async Task CopyAsync(NpgsqlConnection connection, InboxRows rows, CancellationToken cancellationToken)
    {
        await using (var copy = await connection.BeginRawBinaryCopyAsync(_copying[InboxSlots.At(_clock.GetUtcNow())], cancellationToken))
        {
            try
            {
                await copy.WriteAsync(rows.Bytes, cancellationToken);
            }
            catch
            {
                // Closed without this, it would commit what it got.
                await copy.CancelAsync();
                throw;
            }
        }
    }

    private sealed class Arrival(InboundWebhook webhook, bool isPrompt, InboxJournal? journal = null) : GroupItem(webhook.Tenant)
    {
        public InboundWebhook Webhook { get; } = webhook;

        public override bool IsPrompt => isPrompt;

        public override long Bytes => 128 + Webhook.Body.Length;

        // Not before: one whose caller has gone may still come into the journal, and then counts there.
        protected override void OnFailed() => journal?.Withdraw(Webhook);
    }
}
