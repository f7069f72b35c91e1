using System.Collections.Immutable;
using System.Data;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Paging;
using Channels.Storage.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Parked;

/// <summary>Carries replays out, slice by slice, at their rate, oldest webhook first.</summary>
/// <remarks>
/// A slice moves its webhooks and says how far the replay is in one transaction: after a crash the next process goes on from there, and none goes back twice.
/// Several processes may run it: a replay's row is locked while its slice is moved, and others pass it by. Runs as the tables' owner, like the sweeps.
/// A slice that the database refuses is tried again after a pause, and other replays go on meanwhile. Replays run side by side, each at its rate: a slice is short, and
/// whose is due longest has the next turn, tenants in turn.
/// </remarks>
public sealed partial class ReplayRunner(NpgsqlDataSource db, ReplaySignal signal, IInboxHint hint, IdSource ids, TimeProvider clock, ILogger<ReplayRunner> logger) : BackgroundService
{
    /// <summary>The longest wait for a look: another process's replay, or one that a crash left behind, begins within it.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>After a slice that was refused.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Slices a second, where the rate is high enough: a replay shall not come in bursts.</summary>
    private const int SlicesPerSecond = 5;

    // Another tenant than the last time's, when one is due: who begins a hundred replays has half of the turns, not a hundred times another's.
    private const string Due = """
        select tenant_id, id, account_id, kind, reason, created_at, rate, after_id, matched - replayed
        from replay where next_at <= $1 order by tenant_id = $2, next_at limit 1 for update skip locked
        """;

    private const string Next = "select min(next_at) from replay where next_at is not null";

    // In the order of an index, from where the last slice ended: by cause, by channel, or by key. The channel is asked for behind a fence; joined, all that is
    // parked would be read and sorted for each slice whenever few rows are expected.
    private const string Pick = """
        select p.id from parked_webhook p
        where p.tenant_id = $1 and ($2::uuid is null or p.account_id = $2) and ($4::text is null or p.cause = drop_reason($4)) and p.parked_at <= $5 and p.id > $6
          and exists (select from account a where a.tenant_id = p.tenant_id and a.id = p.account_id and a.deleted_at is null and ($3::text is null or a.kind = $3) offset 0)
        order by p.id limit $7
        """;

    // Filters are mostly absent: planned for those that are there, and never by reading and sorting the table.
    private const string Settings = """
        select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)
        """;

    private const string Advance = """
        update replay
        set replayed = replayed + $3, after_id = $4, next_at = $5, state = case when $5::timestamptz is null then 'done' else state end,
            ended_at = case when $5::timestamptz is null then $6::timestamptz end
        where tenant_id = $1 and id = $2
        """;

    private const string Postpone = """
        update replay set next_at = $3 where tenant_id = $1 and id = $2 and next_at is not null
        """;

    private Guid _last;

    /// <summary>Moves one slice of one replay that is due. False when none is.</summary>
    public async Task<bool> RunSliceAsync(CancellationToken cancellationToken)
    {
        await using var work = await TenantWork.BeginAsync(db, IsolationLevel.ReadCommitted, place: null, cancellationToken);
        if (await DueAsync(work, cancellationToken) is not { } replay)
        {
            return false;
        }

        _last = replay.Tenant;
        try
        {
            await MoveAsync(work, replay, cancellationToken);
        }
        catch (PostgresException refusal) when (!StoreFaults.IsUnavailable(refusal))
        {
            Log.Refused(logger, replay.Id, refusal.SqlState, Pause);
            await work.RollbackAsync(cancellationToken);
            await using var postpone = db.CreateCommand(Postpone);
            postpone.Parameters.Add(new NpgsqlParameter { Value = replay.Tenant });
            postpone.Parameters.Add(new NpgsqlParameter { Value = replay.Id });
            postpone.Parameters.Add(new NpgsqlParameter { Value = clock.GetUtcNow() + Pause });
            await postpone.ExecuteNonQueryAsync(cancellationToken);
        }

        return true;
    }

    private async Task MoveAsync(TenantWork work, Replay replay, CancellationToken cancellationToken)
    {
        // Never more than fitted when it began: what a clock that was set back says was parked before then must not go round.
        var size = Math.Min(Math.Max(1, replay.Rate / SlicesPerSecond), (int)Math.Clamp(replay.Left, 1, int.MaxValue));
        var filter = replay.Filter;
        await work.ExecuteAsync(Settings, cancellationToken);
        ImmutableArray<Guid> picked;
        await using (var rows = await work.QueryAsync(
            Pick, cancellationToken, replay.Tenant, filter.Account?.Value, filter.Kind, filter.Cause, replay.CreatedAt, replay.After, size))
        {
            picked = await rows.ReadAllAsync(row => row.GetGuid(0), cancellationToken);
        }

        var accounts = ImmutableArray<Guid>.Empty;
        if (!picked.IsEmpty)
        {
            // Fresh ids, in the order of the old ones: the account drains in id order, and what it has passed must not appear behind it.
            var fresh = Array.ConvertAll([.. picked], (Guid _) => ids.Next());
            await using var rows = await work.QueryAsync(ParkedWebhooks.Replay, cancellationToken, replay.Tenant, picked.ToArray(), fresh);
            accounts = await rows.ReadAllAsync(row => row.GetGuid(0), cancellationToken);
        }

        var now = clock.GetUtcNow();
        var isLast = picked.Length < size || accounts.Length >= replay.Left;
        await work.ExecuteAsync(
            Advance, cancellationToken, replay.Tenant, replay.Id, (long)accounts.Length, picked.IsEmpty ? replay.After : picked[^1],
            isLast ? null : now + TimeSpan.FromSeconds((double)size / replay.Rate), now);
        await work.CommitAsync(cancellationToken);
        foreach (var account in accounts.Distinct())
        {
            hint.PutBack(new AccountId(account));
        }

        if (isLast)
        {
            Log.Ended(logger, replay.Id);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var fails = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = Look;
            try
            {
                while (await RunSliceAsync(stoppingToken))
                {
                }

                wait = await NextAsync(stoppingToken);
                fails = false;
            }
            catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
            {
                // Before the schema is there no table is either, and this waits as everybody does.
                Log.NoSchema(logger);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // Once per outage. Whatever it is: what a service of the host lets out ends the product.
                if (!fails)
                {
                    Log.Failed(logger, failure.GetType().Name, (failure as PostgresException)?.SqlState);
                    fails = true;
                }
            }

            await signal.WaitAsync(wait, clock, stoppingToken);
        }
    }

    private async Task<Replay?> DueAsync(TenantWork work, CancellationToken cancellationToken)
    {
        await using var row = await work.QueryAsync(Due, cancellationToken, clock.GetUtcNow(), _last);
        return await row.ReadAsync(cancellationToken)
            ? new(
                row.GetGuid(0), row.GetGuid(1), new(row.Id(2) is { } account ? new AccountId(account) : null, row.Text(3), row.Text(4)),
                row.GetFieldValue<DateTimeOffset>(5), row.GetInt32(6), row.GetGuid(7), row.GetInt64(8))
            : null;
    }

    private async Task<TimeSpan> NextAsync(CancellationToken cancellationToken)
    {
        await using var command = db.CreateCommand(Next);
        var wait = await command.ExecuteScalarAsync(cancellationToken) is DateTime next ? next - clock.GetUtcNow().UtcDateTime : Look;
        return wait < Look ? (wait > TimeSpan.Zero ? wait : TimeSpan.Zero) : Look;
    }

    private sealed record Replay(Guid Tenant, Guid Id, ParkedFilter Filter, DateTimeOffset CreatedAt, int Rate, Guid After, long Left);

    private static partial class Log
    {
        [LoggerMessage(2221, LogLevel.Information, "Replay {Replay} is done")]
        public static partial void Ended(ILogger logger, Guid replay);

        [LoggerMessage(2222, LogLevel.Warning, "Replays wait: the store does not answer, or refuses ({Failure} {SqlState})")]
        public static partial void Failed(ILogger logger, string failure, string? sqlState);

        [LoggerMessage(2224, LogLevel.Warning, "Replay {Replay} waits {Pause}: the database refuses its next webhooks ({SqlState})")]
        public static partial void Refused(ILogger logger, Guid replay, string sqlState, TimeSpan pause);

        [LoggerMessage(2223, LogLevel.Debug, "Replays wait for the schema")]
        public static partial void NoSchema(ILogger logger);
    }
}

/// <summary>Tells this process's runner that a replay begins. Only a hint: it looks by itself as well.</summary>
public sealed class ReplaySignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);
    private readonly Lock _gate = new();

    /// <summary>Ends the wait under way, or the next.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (_set.CurrentCount == 0)
            {
                _set.Release();
            }
        }
    }

    /// <summary>Returns when it is set, or after so long.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await _set.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _set.Dispose();
}
