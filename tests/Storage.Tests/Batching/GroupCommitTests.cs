using Channels.Core.Ids;
using Channels.Storage.Batching;

namespace Channels.Storage.Tests.Batching;

/// <summary>Who shares a transaction with whom, how many there are at once, and how it ends.</summary>
public sealed class GroupCommitTests
{
    private readonly HeldStore _store = new();

    [Fact]
    public async Task One_item_is_committed_at_once_and_done_only_then()
    {
        await using var commits = _store.Commits(enough: 64);
        var item = Add(commits, 1);

        var transaction = await _store.NextAsync();
        Assert.Equal([1], transaction.Numbers);
        Assert.False(item.Done.IsCompleted);
        transaction.Commit();

        await item.EndAsync();
    }

    [Fact]
    public async Task Who_comes_while_a_commit_runs_shares_the_next()
    {
        await using var commits = _store.Commits();
        Add(commits, 1);
        var first = await _store.NextAsync();
        var later = new[] { Add(commits, 2), Add(commits, 3), Add(commits, 4) };
        Assert.Equal(3, commits.Waiting);
        first.Commit();

        var second = await _store.NextAsync();
        second.Commit();

        Assert.Equal([2, 3, 4], second.Numbers);
        await Task.WhenAll(later.Select(item => item.EndAsync()));
        Assert.Equal(0, commits.Waiting);
    }

    [Fact]
    public async Task A_second_transaction_begins_beside_the_first_only_when_enough_wait()
    {
        await using var commits = _store.Commits(workers: 2, enough: 4);
        Add(commits, 1);
        var first = await _store.NextAsync();

        Add(commits, 2);
        Add(commits, 3);
        Add(commits, 4);
        await LetOthersRunAsync();
        Assert.Equal(1, _store.Begun);
        Add(commits, 5);
        var second = await _store.NextAsync();

        Assert.Equal([2, 3, 4, 5], second.Numbers);
        first.Commit();
        second.Commit();
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(20, 8)]
    [InlineData(4, 4)]
    public async Task Beside_a_large_transaction_another_begins_when_as_many_wait_up_to_a_bound(int large, int due)
    {
        await using var commits = _store.Commits(workers: 2, enough: 4, evenUpTo: 8);
        AddMany(commits, 1);
        var one = await _store.NextAsync();
        AddMany(commits, 4);
        var other = await _store.NextAsync();
        AddMany(commits, large);
        one.Commit();
        var last = await _store.NextAsync();
        Assert.Equal(large, last.Numbers.Count);
        other.Commit();
        await LetOthersRunAsync();

        AddMany(commits, due - 1);
        await LetOthersRunAsync();
        Assert.Equal(3, _store.Begun);
        AddMany(commits, 1);
        var beside = await _store.NextAsync();

        Assert.Equal(due, beside.Numbers.Count);
        last.Commit();
        beside.Commit();
    }

    [Fact]
    public async Task Nobody_waits_long_for_a_transaction_that_hangs()
    {
        await using var commits = _store.Commits(workers: 2, enough: 64, patience: TimeSpan.FromMilliseconds(50));
        Add(commits, 1);
        var hanging = await _store.NextAsync();
        var next = Add(commits, 2);

        // Nobody comes any more to remind it.
        var beside = await _store.NextAsync();
        Assert.Equal([2], beside.Numbers);
        beside.Commit();
        await next.EndAsync();
        var last = Add(commits, 3);
        (await _store.NextAsync()).Commit();

        await last.EndAsync();
        hanging.Commit();
    }

    [Fact]
    public async Task What_is_not_enough_for_a_second_transaction_goes_with_whichever_ends_last()
    {
        await using var commits = _store.Commits(workers: 2, enough: 2);
        Add(commits, 1);
        var first = await _store.NextAsync();
        Add(commits, 2);
        Add(commits, 3);
        var second = await _store.NextAsync();
        var left = Add(commits, 4);

        second.Commit();
        await LetOthersRunAsync();
        Assert.Equal(2, _store.Begun);
        first.Commit();
        var third = await _store.NextAsync();
        third.Commit();

        Assert.Equal([4], third.Numbers);
        await left.EndAsync();
    }

    [Fact]
    public async Task No_more_transactions_are_under_way_than_there_are_workers()
    {
        await using var commits = _store.Commits(workers: 2, enough: 1, items: 1);
        for (var number = 1; number <= 10; number++)
        {
            Add(commits, number);
        }

        var underWay = new Queue<HeldStore.Transaction>([await _store.NextAsync(), await _store.NextAsync()]);
        for (var ended = 0; ended < 8; ended++)
        {
            await LetOthersRunAsync(milliseconds: 5);
            Assert.Equal(2 + ended, _store.Begun);
            underWay.Dequeue().Commit();
            underWay.Enqueue(await _store.NextAsync());
        }

        Assert.All(underWay, transaction => transaction.Commit());
    }

    [Fact]
    public async Task A_transaction_holds_only_so_many_items()
    {
        await using var commits = _store.Commits(items: 3);
        Add(commits, 0);
        var first = await _store.NextAsync();
        for (var number = 1; number <= 7; number++)
        {
            Add(commits, number);
        }

        first.Commit();

        Assert.Equal([[1, 2, 3], [4, 5, 6], [7]], await CommitNextAsync(3));
    }

    [Fact]
    public async Task A_transaction_takes_no_more_once_it_has_so_many_bytes()
    {
        await using var commits = _store.Commits(bytes: 1000);
        Add(commits, 0);
        var first = await _store.NextAsync();
        foreach (var (number, bytes) in new[] { (1, 400L), (2, 599L), (3, 1L), (4, 5000L), (5, 1000L), (6, 10L) })
        {
            Add(commits, number, bytes);
        }

        first.Commit();

        // Looked at before an item is taken, so that one above the bound still goes, and ends its transaction.
        Assert.Equal([[1, 2, 3], [4], [5], [6]], await CommitNextAsync(4));
    }

    [Fact]
    public async Task A_full_queue_refuses()
    {
        await using var commits = _store.Commits(queue: 8);
        Add(commits, 0);
        var first = await _store.NextAsync();

        // All of one tenant, which may fill three quarters.
        var taken = Enumerable.Range(1, 10).Count(number => commits.TryAdd(new Item(number)));

        Assert.Equal(6, taken);
        first.Commit();
        await CommitNextAsync(1);
    }

    [Fact]
    public async Task Disposing_commits_what_is_inside_takes_nothing_more_and_returns_when_idle()
    {
        var commits = _store.Commits();
        Add(commits, 1);
        var first = await _store.NextAsync();
        var inside = Add(commits, 2);

        var disposing = commits.DisposeAsync().AsTask();
        Assert.False(commits.TryAdd(new Item(3)));
        first.Commit();
        var second = await _store.NextAsync();
        await LetOthersRunAsync();
        Assert.False(disposing.IsCompleted);
        second.Commit();

        await disposing.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal([2], second.Numbers);
        Assert.True(inside.Done.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Disposing_what_is_idle_returns_at_once()
    {
        var commits = _store.Commits();
        var item = Add(commits, 1);
        (await _store.NextAsync()).Commit();
        await item.EndAsync();

        await commits.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        await commits.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.False(commits.TryAdd(new Item(2)));
    }

    private static Item Add(GroupCommit<Item> commits, int number, long bytes = 1)
    {
        var item = new Item(number, bytes);
        Assert.True(commits.TryAdd(item));
        return item;
    }

    private static void AddMany(GroupCommit<Item> commits, int count)
    {
        for (var number = 0; number < count; number++)
        {
            Add(commits, number);
        }
    }

    // For what must not happen: time enough for it to happen by mistake.
    private static Task LetOthersRunAsync(int milliseconds = 20) => Task.Delay(milliseconds);

    private async Task<List<IReadOnlyList<int>>> CommitNextAsync(int count)
    {
        var seen = new List<IReadOnlyList<int>>();
        while (seen.Count < count)
        {
            var transaction = await _store.NextAsync();
            seen.Add(transaction.Numbers);
            transaction.Commit();
        }

        return seen;
    }

    [Fact]
    public async Task One_who_shares_the_queue_with_others_fills_no_transaction()
    {
        var (large, small) = (new TenantId(new Guid(1, 0, 0, new byte[8])), new TenantId(new Guid(2, 0, 0, new byte[8])));
        var store = new HeldStore();
        await using var commits = store.Commits(helping: 30);
        commits.TryAdd(new Item(0, 10, small));
        var first = await store.NextAsync();
        foreach (var number in Enumerable.Range(1, 8))
        {
            commits.TryAdd(new Item(number, 10, large));
        }

        commits.TryAdd(new Item(9, 10, small));
        first.Commit();

        var second = await store.NextAsync();
        Assert.Equal([1, 9, 2, 3], second.Numbers);
        second.Commit();
        var third = await store.NextAsync();
        Assert.Equal([4, 5, 6], third.Numbers);
        third.Commit();
        (await store.NextAsync()).Commit();
    }

    [Fact]
    public async Task One_who_has_the_queue_alone_fills_transactions()
    {
        var store = new HeldStore();
        await using var commits = store.Commits(helping: 30);
        commits.TryAdd(new Item(0, 10));
        var first = await store.NextAsync();
        foreach (var number in Enumerable.Range(1, 8))
        {
            commits.TryAdd(new Item(number, 10));
        }

        first.Commit();

        var second = await store.NextAsync();
        Assert.Equal(8, second.Numbers.Count);
        second.Commit();
    }
}
