using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Transcript;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Channels.Storage.Batching;

/// <summary>Lets many concurrent callers share one transaction: whoever comes while a commit runs is in the next.</summary>
/// <remarks>
/// Bounded in items and bytes per transaction. A batch refused with SQLSTATE class 22 or 23 is split until the culprit is alone and only its
/// caller hears of it; a lost connection fails all callers of the batch, who cannot know whether it was committed: items must be safe to repeat.
/// </remarks>
internal sealed class GroupCommit<TItem> : IAsyncDisposable
    where TItem : GroupItem
{
    private readonly FairQueue<TItem> _queue;
    private readonly GroupCommitLimits _limits;
    private readonly Func<IReadOnlyList<TItem>, CancellationToken, Task> _commit;
    private readonly ILogger _logger;
    private readonly Task[] _workers;
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Starts the workers.</summary>
    /// <param name="limits">How much one transaction and the queue may hold.</param>
    /// <param name="commit">Writes a batch in one transaction; called by one worker at a time per worker.</param>
    /// <param name="logger">For failures.</param>
    public GroupCommit(GroupCommitLimits limits, Func<IReadOnlyList<TItem>, CancellationToken, Task> commit, ILogger logger)
    {
        _limits = limits;
        _queue = new FairQueue<TItem>(limits.Queue);
        _commit = commit;
        _logger = logger;
        _workers = [.. Enumerable.Range(0, limits.Workers).Select(_ => Task.Run(WorkAsync))];
    }

    /// <summary>Items waiting for a transaction.</summary>
    public int Waiting => _queue.Count;

    /// <summary>False when the queue is full; else <see cref="GroupItem.Done"/> completes when the item is committed or has failed.</summary>
    public bool TryAdd(TItem item) => _queue.TryAdd(item.Tenant, item);

    /// <summary>Takes nothing more in, commits what is inside, ends the workers.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        var drained = Task.WhenAll(_workers);
        if (await Task.WhenAny(drained, Task.Delay(TimeSpan.FromSeconds(20))) != drained)
        {
            await _stopping.CancelAsync();
            await drained;
        }

        _stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        var batch = new List<TItem>(_limits.Items);
        while (await _queue.WaitAsync(CancellationToken.None))
        {
            Fill(batch);
            if (batch.Count > 0)
            {
                await CommitAsync(batch);
                batch.Clear();
            }
        }
    }

    private void Fill(List<TItem> batch)
    {
        var bytes = 0L;
        while (batch.Count < _limits.Items && bytes < _limits.Bytes && _queue.TryTake(out var item))
        {
            batch.Add(item);
            bytes += item.Bytes;
        }
    }

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
        catch (PostgresException refusal) when (IsRefusal(refusal) && batch.Count > 1)
        {
            GroupCommitLog.Splitting(_logger, batch.Count, refusal.SqlState);
            var half = batch.Count / 2;
            await CommitAsync(batch.GetRange(0, half));
            await CommitAsync(batch.GetRange(half, batch.Count - half));
        }
        catch (PostgresException refusal) when (IsRefusal(refusal))
        {
            // The server's message may quote a value; the constraint's name says enough.
            batch[0].Fail(new BatchRefusedException(refusal.SqlState, $"The database refused it ({refusal.SqlState} {refusal.ConstraintName ?? refusal.Routine})."));
        }
        catch (Exception failure)
        {
            GroupCommitLog.Failed(_logger, batch.Count, failure.GetType().Name, (failure as PostgresException)?.SqlState);
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

    private static bool IsRefusal(PostgresException exception) =>
        exception.SqlState.StartsWith("22", StringComparison.Ordinal) || exception.SqlState.StartsWith("23", StringComparison.Ordinal);
}

/// <summary>How much a <see cref="GroupCommit{TItem}"/> takes at once.</summary>
/// <param name="Workers">Transactions under way at once.</param>
/// <param name="Items">Most items in one transaction.</param>
/// <param name="Bytes">Bytes after which a transaction takes no more.</param>
/// <param name="Queue">Most items waiting.</param>
internal sealed record GroupCommitLimits(int Workers, int Items, long Bytes, int Queue);

/// <summary>One caller's share of a transaction.</summary>
internal abstract class GroupItem(TenantId tenant)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whose turn it takes.</summary>
    public TenantId Tenant { get; } = tenant;

    /// <summary>Roughly what it weighs.</summary>
    public virtual long Bytes => 256;

    /// <summary>Completes when it is committed or has failed.</summary>
    public Task Done => _done.Task;

    /// <summary>It is committed.</summary>
    public void Succeed() => _done.TrySetResult();

    /// <summary>It is not, or nobody knows.</summary>
    public void Fail(Exception failure) => _done.TrySetException(failure);
}

internal static partial class GroupCommitLog
{
    [LoggerMessage(2111, LogLevel.Warning, "A batch of {Items} was refused with {SqlState}; splitting it")]
    public static partial void Splitting(ILogger logger, int items, string sqlState);

    [LoggerMessage(2112, LogLevel.Warning, "A batch of {Items} could not be written: {Failure} {SqlState}")]
    public static partial void Failed(ILogger logger, int items, string failure, string? sqlState);

    [LoggerMessage(2113, LogLevel.Information, "A batch of {Items} goes again after {SqlState} (attempt {Attempt})")]
    public static partial void Retrying(ILogger logger, int items, int attempt, string sqlState);
}
