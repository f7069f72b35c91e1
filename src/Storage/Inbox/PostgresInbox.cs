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
            Helping = () => traffic.IsUneven ? HelpingBesideOthers : long.MaxValue,
        };
        _commits = new GroupCommit<Arrival>(patience is { } given ? limits with { Patience = given } : limits, CommitObservedAsync, logger);
    }

    /// <inheritdoc/>
    public Task AppendAsync(InboundWebhook webhook, CancellationToken cancellationToken) =>
        _givingWay.Concerns(webhook.Tenant) ? _givingWay.CommitAsync(webhook.Tenant, () => CommitAsync(webhook)) : CommitAsync(webhook);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _commits.DisposeAsync();

    private Task CommitAsync(InboundWebhook webhook)
    {
        var arrival = new Arrival(webhook, _traffic.IsOther(webhook.Tenant));
        return _commits.TryAdd(arrival) ? arrival.Done : Task.FromException(new InboxFullException());
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
        var waiting = batch.Count + _commits.Waiting + _givingWay.Held;
        var all = batch.Select(arrival => arrival.Webhook).ToList();
        var (direct, journaled) = Split(all);

        // Both before either is written: what cannot be written down is split off, and what then comes again must not be here already.
        using var rows = direct.Count == 0 ? null : new InboxRows(direct);
        using var journalRows = journaled.Count == 0 ? null : new InboxRows(journaled);
        if (rows is not null)
        {
            await CommitToTableAsync(direct, rows, cancellationToken);
        }

        if (journalRows is not null)
        {
            await _journal!.AppendAsync(journaled, journalRows.Rows, cancellationToken);
        }

        // A small transaction of those who send little says nothing of how much waits.
        _traffic.Committed(all, batch.All(arrival => arrival.IsPrompt) ? null : waiting);
        _hints.Arrived(direct);
    }

    // Into the journal goes what comes faster than the table takes it, and what came so: until the last of a tenant's is in the table, later ones go the same way.
    private (List<InboundWebhook> Direct, List<InboundWebhook> Journaled) Split(List<InboundWebhook> webhooks)
    {
        if (_journal is not { } journal)
        {
            return (webhooks, []);
        }

        var tenants = webhooks.Select(webhook => webhook.Tenant).Distinct().Where(tenant => journal.Holds(tenant) || (_traffic.IsMadeBy(tenant) && journal.IsReady())).ToHashSet();
        return tenants.Count == 0 ? (webhooks, [])
            : ([.. webhooks.Where(webhook => !tenants.Contains(webhook.Tenant))], [.. webhooks.Where(webhook => tenants.Contains(webhook.Tenant))]);
    }

    private async Task CommitToTableAsync(IReadOnlyList<InboundWebhook> webhooks, InboxRows rows, CancellationToken cancellationToken)
    {
        await using var connection = await _database.Appends.OpenConnectionAsync(cancellationToken);
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
        _arrivals.Add(webhooks);
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

    private sealed class Arrival(InboundWebhook webhook, bool isPrompt) : GroupItem(webhook.Tenant)
    {
        public InboundWebhook Webhook { get; } = webhook;

        public override bool IsPrompt => isPrompt;

        public override long Bytes => 128 + Webhook.Body.Length;
    }
}
