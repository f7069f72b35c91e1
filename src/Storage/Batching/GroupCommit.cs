using System.Diagnostics;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Text;
using Channels.Core.Transcript;
using Channels.Storage.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Batching;

/// <summary>Lets many concurrent callers share one transaction: whoever comes while a commit runs is in the next.</summary>
/// <remarks>
/// Bounded in items and bytes per transaction. A batch that the database refuses for what it says (SQLSTATE class 21, 22, 23 or 54), or that cannot even be
/// written down, is split until the culprit is alone and only its caller hears of it; a lost connection fails all callers of the batch, who cannot know whether
/// it was committed: items must be safe to repeat.
/// </remarks>
internal sealed class GroupCommit<TItem> : IAsyncDisposable
    where TItem : GroupItem
{
    private readonly FairQueue<TItem> _queue;
    private readonly GroupCommitLimits _limits;
    private readonly Func<IReadOnlyList<TItem>, CancellationToken, Task> _commit;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Lock _promptGate = new();
    private readonly Dictionary<TenantId, int> _prompt = [];
    private readonly Timer _impatience;
    private readonly AnswerWatch<TItem>? _answers;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();

    // Of each batch, a minute without the store would be thousands of lines.
    private readonly RepeatedLine _failed = new(TimeProvider.System, TimeSpan.FromSeconds(10));

    private TenantId? _last;
    private long _mixed = long.MinValue / 2;
    private long _begun;
    private int _promptWaiting;
    private int _running;
    private int _ofAnything;
    private int _lastTook;
    private bool _isImpatient;
    private bool _closed;

    /// <summary>Starts nothing yet.</summary>
    /// <param name="limits">How much one transaction and the queue may hold.</param>
    /// <param name="commit">Writes a batch in one transaction; as many at once as there are workers.</param>
    /// <param name="logger">For failures.</param>
    public GroupCommit(GroupCommitLimits limits, Func<IReadOnlyList<TItem>, CancellationToken, Task> commit, ILogger logger)
    {
        _limits = limits;
        _queue = new FairQueue<TItem>(limits.Queue);
        _commit = commit;
        _logger = logger;
        _impatience = new Timer(_ => OnImpatience(), null, Timeout.Infinite, Timeout.Infinite);
        _answers = limits.AnswerWithin is { } within ? new AnswerWatch<TItem>(within, TakeOut) : null;
    }

    /// <summary>Items waiting for a transaction.</summary>
    public int Waiting => _queue.Count;

    /// <summary>False when the queue is full; else <see cref="GroupItem.Done"/> completes when the item is committed or has failed.</summary>
    public bool TryAdd(TItem item)
    {
        if (!_queue.TryAdd(item.Tenant, item))
        {
            return false;
        }

        CountPrompt(item, 1);
        StartIfDue();
        return true;
    }

    /// <summary>Takes nothing more in, and returns when all that is inside is committed or has failed.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            _queue.Close();
            EndIfDone();
        }

        if (await Task.WhenAny(_ended.Task, Task.Delay(TimeSpan.FromSeconds(20))) != _ended.Task)
        {
            await _stopping.CancelAsync();
            await _ended.Task;
        }

        await _impatience.DisposeAsync();
        await (_answers?.DisposeAsync() ?? ValueTask.CompletedTask);
        _stopping.Dispose();
    }

    private void OnImpatience()
    {
        lock (_gate)
        {
            _isImpatient = false;
        }

        StartIfDue();
    }

    private void StartIfDue()
    {
        Share share;
        lock (_gate)
        {
            if (_running == _limits.Workers)
            {
                return;
            }

            share = Begin();
            if (share == Share.Nothing)
            {
                return;
            }
        }

        _ = Task.Run(() => WorkAsync(share));
    }

    // When the last transaction has taken too long, in case nobody comes meanwhile.
    private void LookAgain()
    {
        if (!_isImpatient && !_closed && _queue.Count > 0)
        {
            _isImpatient = true;
            _impatience.Change(_limits.Patience, Timeout.InfiniteTimeSpan);
        }
    }

    // Counts the transaction that is due, if one is.
    private Share Begin()
    {
        var share = Due();
        if (share == Share.Nothing)
        {
            LookAgain();
            return share;
        }

        _running++;
        if (share == Share.Anything)
        {
            _ofAnything++;

            // Prompt ones go by while one hangs; its time still runs.
            _begun = Stopwatch.GetTimestamp();
        }

        return share;
    }

    // Beside another of its sort a transaction must be worth its overhead, unless that hangs; without one it takes whatever there is. Prompt ones wait for nobody, and nobody for those of prompt ones alone.
    private Share Due()
    {
        var (prompt, count) = (Volatile.Read(ref _promptWaiting), _queue.Count);
        if (count == 0)
        {
            return Share.Nothing;
        }

        // Only prompt ones wait: they do not take the place that is the others'.
        if (prompt >= count)
        {
            return Share.Prompt;
        }

        if (_ofAnything == 0 || Stopwatch.GetElapsedTime(_begun) >= _limits.Patience || (count >= Math.Clamp(Volatile.Read(ref _lastTook), _limits.Enough, _limits.EvenUpTo) && !_limits.KeepsOne()))
        {
            return Share.Anything;
        }

        return prompt > 0 ? Share.Prompt : Share.Nothing;
    }

    private void CountPrompt(TItem item, int change)
    {
        if (!item.IsPrompt)
        {
            return;
        }

        lock (_promptGate)
        {
            // Counted after it was added: who takes it at once is before us, and the count below nothing for a moment.
            _promptWaiting += change;
            var count = _prompt.GetValueOrDefault(item.Tenant) + change;
            if (count == 0)
            {
                _prompt.Remove(item.Tenant);
            }
            else
            {
                _prompt[item.Tenant] = count;
            }
        }
    }

    private bool HasPrompt(TenantId tenant)
    {
        lock (_promptGate)
        {
            return _prompt.GetValueOrDefault(tenant) > 0;
        }
    }

    private IReadOnlyList<TItem> TakeOut(Func<TItem, bool> concerns)
    {
        var taken = _queue.TakeOut(concerns);
        foreach (var item in taken)
        {
            CountPrompt(item, -1);
        }

        // Who was to begin a transaction for them finds nothing.
        lock (_gate)
        {
            EndIfDone();
        }

        return taken;
    }

    private void EndIfDone()
    {
        if (_closed && _running == 0 && _queue.Count == 0)
        {
            _ended.TrySetResult();
        }
    }

    private async Task WorkAsync(Share share)
    {
        var batch = new List<TItem>();
        var helpings = new Dictionary<TenantId, long>();
        do
        {
            Fill(batch, helpings, share);
            if (batch.Count > 0)
            {
                _answers?.Begun(batch);
                await CommitAsync(batch);
                _answers?.Ended(batch);
                batch.Clear();
            }
        }
        while ((share = GoesOn(share)) != Share.Nothing);
    }

    private Share GoesOn(Share ended)
    {
        lock (_gate)
        {
            _running--;
            if (ended == Share.Anything)
            {
                _ofAnything--;
            }

            var share = Begin();
            EndIfDone();
            return share;
        }
    }

    private void Fill(List<TItem> batch, Dictionary<TenantId, long> helpings, Share share)
    {
        var bytes = 0L;
        helpings.Clear();
        var mayTake = MayTake(helpings, share);
        while (batch.Count < _limits.Items && bytes < _limits.Bytes && _queue.TryTake(out var item, mayTake))
        {
            CountPrompt(item, -1);
            batch.Add(item);
            bytes += item.Bytes;
            helpings[item.Tenant] = helpings.GetValueOrDefault(item.Tenant) + item.Bytes;
        }

        if (batch.Count > 0)
        {
            if (share == Share.Anything)
            {
                Volatile.Write(ref _lastTook, batch.Count);
            }

            if (helpings.Count > 1 || (_last is { } last && last != batch[0].Tenant))
            {
                Volatile.Write(ref _mixed, Stopwatch.GetTimestamp());
            }

            _last = batch[0].Tenant;
        }
    }

    // Of a tenant with something prompt also what waits before that: its items stay in order.
    private Func<TenantId, bool>? MayTake(Dictionary<TenantId, long> helpings, Share share)
    {
        var helping = IsShared() ? _limits.Helping() : long.MaxValue;
        return helping == long.MaxValue && share == Share.Anything ? null
            : tenant => helpings.GetValueOrDefault(tenant) < helping && (share == Share.Anything || HasPrompt(tenant));
    }

    // Somebody who finds a long transaction under way waits for all of it: who shares the queue with others has them short.
    private bool IsShared() => _queue.IsShared || Stopwatch.GetElapsedTime(Volatile.Read(ref _mixed)) < _limits.SharedFor;

    private async Task CommitAsync(List<TItem> batch)
    {
        try
        {
            await CommitWithRetriesAsync(batch);
            foreach (var item in batch)
            {
                item.Succeed();
            }
        }
        catch (Exception failure) when (StoreFaults.RefusalOf(failure) is { } state && batch.Count > 1)
        {
            GroupCommitLog.Splitting(_logger, batch.Count, state);
            var half = batch.Count / 2;
            await CommitAsync(batch.GetRange(0, half));
            await CommitAsync(batch.GetRange(half, batch.Count - half));
        }
        catch (Exception failure) when (StoreFaults.RefusalOf(failure) is { } state)
        {
            // The server's message may quote a value, as may an exception's; the constraint's name or the exception's says enough.
            batch[0].Fail(new BatchRefusedException(
                state, failure is PostgresException said ? $"The database refused it ({state} {said.ConstraintName ?? said.Routine})." : $"It cannot be written down ({state})."));
        }
        catch (Exception failure)
        {
            if (_failed.IsDue(out var leftOut))
            {
                GroupCommitLog.Failed(_logger, batch.Count, failure.GetType().Name, (failure as PostgresException)?.SqlState, leftOut);
            }

            var unavailable = new StoreUnavailableException("The store did not take it.", failure);
            foreach (var item in batch)
            {
                item.Fail(unavailable);
            }
        }
    }

    // A deadlock or serialisation failure undid everything: the same batch simply goes again.
    private async Task CommitWithRetriesAsync(List<TItem> batch)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _commit(batch, _stopping.Token);
                return;
            }
            catch (PostgresException conflict) when (attempt < 5 && conflict.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                GroupCommitLog.Retrying(_logger, batch.Count, attempt, conflict.SqlState);
            }
        }
    }

    private enum Share
    {
        Nothing,
        Prompt,
        Anything,
    }
}

internal static partial class GroupCommitLog
{
    [LoggerMessage(2111, LogLevel.Warning, "A batch of {Items} was refused with {SqlState}; splitting it")]
    public static partial void Splitting(ILogger logger, int items, string sqlState);

    [LoggerMessage(2112, LogLevel.Warning, "A batch of {Items} could not be written: {Failure} {SqlState}. {LeftOut} more could not since this was last said")]
    public static partial void Failed(ILogger logger, int items, string failure, string? sqlState, long leftOut);

    [LoggerMessage(2113, LogLevel.Information, "A batch of {Items} goes again after {SqlState} (attempt {Attempt})")]
    public static partial void Retrying(ILogger logger, int items, int attempt, string sqlState);
}
