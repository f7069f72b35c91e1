using Channels.Core;
using Channels.Storage.Batching;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Batching;

/// <summary>What callers hear, and what becomes of their items, while transactions hang.</summary>
public sealed class AnswerWatchTests
{
    private static readonly TimeSpan Within = TimeSpan.FromMilliseconds(200);
    private readonly HeldStore _store = new();

    [Fact]
    public async Task Who_is_in_a_transaction_that_hangs_is_answered_and_may_be_committed_all_the_same()
    {
        await using var commits = _store.Commits(answerWithin: Within);
        var hanging = Add(commits, 1);
        var transaction = await _store.NextAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(hanging.EndAsync);
        Assert.Equal(0, hanging.Failures);
        transaction.Commit();

        // By itself, and once.
        var next = Add(commits, 2);
        var second = await _store.NextAsync();
        Assert.Equal([2], second.Numbers);
        second.Commit();
        await next.EndAsync();
        Assert.Equal((0, 2), (hanging.Failures, _store.Begun));
    }

    [Fact]
    public async Task Who_hears_nothing_and_then_fails_is_told_apart_from_who_was_only_answered()
    {
        await using var commits = _store.Commits(answerWithin: Within);
        var hanging = Add(commits, 1);
        var transaction = await _store.NextAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(hanging.EndAsync);

        transaction.Fail(new NpgsqlException("the connection broke"));
        Add(commits, 2);
        (await _store.NextAsync()).Commit();

        Assert.Equal(1, hanging.Failures);
    }

    [Fact]
    public async Task Who_waits_behind_it_is_answered_makes_room_and_is_not_committed_any_more()
    {
        await using var commits = _store.Commits(queue: 8, answerWithin: Within);
        Add(commits, 0);
        var transaction = await _store.NextAsync();
        var waiting = Enumerable.Range(1, 6).Select(number => Add(commits, number, isPrompt: number % 2 == 0)).ToList();
        Assert.False(commits.TryAdd(new Item(7)));

        foreach (var item in waiting)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(item.EndAsync);
            Assert.Equal(1, item.Failures);
        }

        Assert.Equal(0, commits.Waiting);
        var later = Enumerable.Range(8, 6).Select(number => Add(commits, number)).ToList();
        transaction.Commit();
        var second = await _store.NextAsync();
        Assert.Equal([8, 9, 10, 11, 12, 13], second.Numbers);
        second.Commit();
        await Task.WhenAll(later.Select(item => item.EndAsync()));
    }

    [Fact]
    public async Task Who_is_answered_between_coming_and_a_transactions_beginning_does_not_keep_the_end_from_coming()
    {
        var commits = new GroupCommit<Overtaken>(new GroupCommitLimits(1, 1, 100, 1 << 20, 1000) { AnswerWithin = Within }, (_, _) => Task.CompletedTask, NullLogger.Instance);
        var ending = Task.CompletedTask;
        var item = new Overtaken(() => ending = commits.DisposeAsync().AsTask());

        Assert.True(commits.TryAdd(item));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => item.Done);
        await ending.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void What_is_taken_out_of_a_queue_leaves_the_others_in_their_turn()
    {
        var queue = new FairQueue<int>(100);
        foreach (var number in new[] { 11, 12, 13, 21, 31, 32 })
        {
            Assert.True(queue.TryAdd(Inbox.Webhooks.Tenant(number / 10), number));
        }

        Assert.Equal([12, 21, 32], queue.TakeOut(number => number is 12 or 21 or 32));

        Assert.Equal(3, queue.Count);
        Assert.True(queue.IsShared);
        var left = new List<int>();
        while (queue.TryTake(out var number))
        {
            left.Add(number);
        }

        Assert.Equal([11, 31, 13], left);
        Assert.Empty(queue.TakeOut(_ => true));
    }

    private static Item Add(GroupCommit<Item> commits, int number, bool isPrompt = false)
    {
        var item = new Item(number, isPrompt: isPrompt);
        Assert.True(commits.TryAdd(item));
        return item;
    }

    /// <summary>Between being added and being begun with it does something, and is answered.</summary>
    private sealed class Overtaken(Action meanwhile) : GroupItem(default)
    {
        private Action? _meanwhile = meanwhile;

        public override bool IsPrompt
        {
            get
            {
                if (Interlocked.Exchange(ref _meanwhile, null) is { } act)
                {
                    act();
                    SpinWait.SpinUntil(() => Done.IsCompleted, TimeSpan.FromSeconds(20));
                }

                return false;
            }
        }
    }
}
