using System.Threading.Channels;
using Channels.Core.Ids;
using Channels.Storage.Batching;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Batching;

/// <summary>A store whose transactions end when the test says so, and which remembers what they held.</summary>
internal sealed class HeldStore
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Channel<Transaction> _begun = Channel.CreateUnbounded<Transaction>();
    private int _count;

    /// <summary>Transactions begun so far.</summary>
    public int Begun => Volatile.Read(ref _count);

    /// <summary>A group commit that writes here.</summary>
    public GroupCommit<Item> Commits(int workers = 1, int enough = 1, int items = 100, long bytes = 1 << 20, int queue = 1000, TimeSpan? patience = null, long helping = long.MaxValue, bool keepsOne = false, int evenUpTo = 0, TimeSpan? answerWithin = null) =>
        new(
            new GroupCommitLimits(workers, enough, items, bytes, queue)
            {
                Patience = patience ?? TimeSpan.FromHours(1), SharedFor = TimeSpan.FromHours(1), Helping = () => helping, KeepsOne = () => keepsOne, EvenUpTo = evenUpTo, AnswerWithin = answerWithin,
            },
            CommitAsync, NullLogger.Instance);

    /// <summary>The next transaction that has begun, or begins.</summary>
    public async Task<Transaction> NextAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            return await _begun.Reader.ReadAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Waited {Deadline.TotalSeconds} s for a transaction to begin; {Begun} had begun before.");
        }
    }

    /// <summary>As the server says it.</summary>
    public static PostgresException Says(string sqlState, string message = "no") => new(message, "ERROR", "ERROR", sqlState);

    private async Task CommitAsync(IReadOnlyList<Item> items, CancellationToken cancellationToken)
    {
        var transaction = new Transaction([.. items.Select(item => item.Number)]);
        Interlocked.Increment(ref _count);
        _begun.Writer.TryWrite(transaction);
        await transaction.Ending.WaitAsync(cancellationToken);
    }

    /// <summary>One transaction under way.</summary>
    internal sealed class Transaction(IReadOnlyList<int> numbers)
    {
        private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The items in it.</summary>
        public IReadOnlyList<int> Numbers => numbers;

        public Task Ending => _ending.Task;

        public void Commit() => _ending.SetResult();

        public void Fail(Exception failure) => _ending.SetException(failure);
    }
}

/// <summary>An item that is only a number.</summary>
internal sealed class Item(int number, long bytes = 1, TenantId tenant = default, bool isPrompt = false) : GroupItem(tenant)
{
    private int _failures;

    public int Number => number;

    /// <summary>How often it was told that nothing becomes of it.</summary>
    public int Failures => Volatile.Read(ref _failures);

    public override bool IsPrompt => isPrompt;

    public override long Bytes => bytes;

    /// <summary>Its end, or a complaint that it does not come.</summary>
    public Task EndAsync() => Done.WaitAsync(TimeSpan.FromSeconds(20));

    protected override void OnFailed() => Interlocked.Increment(ref _failures);
}
