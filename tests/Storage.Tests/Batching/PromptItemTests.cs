using Channels.Core.Ids;

namespace Channels.Storage.Tests.Batching;

/// <summary>Transactions that are kept for those who bring little, and the order of what one brings.</summary>
public sealed class PromptItemTests
{
    private static readonly TenantId Large = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly TenantId Small = new(new Guid(2, 0, 0, new byte[8]));
    private static readonly TenantId Other = new(new Guid(3, 0, 0, new byte[8]));

    private readonly HeldStore _store = new();

    [Fact]
    public async Task A_prompt_item_begins_a_transaction_of_its_like_beside_one_under_way()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true);
        commits.TryAdd(new Item(0, tenant: Large));
        var first = await _store.NextAsync();
        foreach (var number in Enumerable.Range(1, 5))
        {
            commits.TryAdd(new Item(number, tenant: Large));
        }

        Assert.Equal(1, _store.Begun);
        commits.TryAdd(new Item(6, tenant: Small, isPrompt: true));

        var second = await _store.NextAsync();
        Assert.Equal([6], second.Numbers);
        second.Commit();
        first.Commit();
        var third = await _store.NextAsync();
        Assert.Equal([1, 2, 3, 4, 5], third.Numbers);
        third.Commit();
    }

    [Fact]
    public async Task What_one_brought_before_its_prompt_item_goes_before_it()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true);
        commits.TryAdd(new Item(0, tenant: Large));
        var first = await _store.NextAsync();
        foreach (var number in Enumerable.Range(1, 3))
        {
            commits.TryAdd(new Item(number, tenant: Small));
            commits.TryAdd(new Item(10 + number, tenant: Large));
        }

        commits.TryAdd(new Item(4, tenant: Small, isPrompt: true));

        var second = await _store.NextAsync();
        Assert.Equal([1, 2, 3, 4], second.Numbers);
        second.Commit();
        first.Commit();
        (await _store.NextAsync()).Commit();
    }

    [Fact]
    public async Task Prompt_ones_that_go_by_do_not_make_one_that_hangs_seem_young()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true, patience: TimeSpan.FromMilliseconds(200));
        commits.TryAdd(new Item(0, tenant: Large));
        var hanging = await _store.NextAsync();
        commits.TryAdd(new Item(1, tenant: Large));

        var isCommitted = false;
        for (var number = 2; number < 200 && !isCommitted; number++)
        {
            commits.TryAdd(new Item(number, tenant: Small, isPrompt: true));
            var next = await _store.NextAsync();
            isCommitted = next.Numbers.Contains(1);
            next.Commit();
            await Task.Delay(10);
        }

        Assert.True(isCommitted);
        hanging.Commit();
    }

    [Fact]
    public async Task When_nobody_comes_any_more_what_waits_beside_one_that_hangs_is_looked_at_again()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true, patience: TimeSpan.FromMilliseconds(50));
        commits.TryAdd(new Item(0, tenant: Large));
        var hanging = await _store.NextAsync();
        commits.TryAdd(new Item(1, tenant: Small, isPrompt: true));
        var prompt = await _store.NextAsync();
        commits.TryAdd(new Item(2, tenant: Large));
        prompt.Commit();

        var third = await _store.NextAsync();
        Assert.Equal([2], third.Numbers);
        third.Commit();
        hanging.Commit();
    }

    [Fact]
    public async Task Many_who_bring_little_do_not_keep_one_who_brings_much_waiting()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true);
        commits.TryAdd(new Item(0, tenant: Large));
        var large = await _store.NextAsync();
        commits.TryAdd(new Item(1, tenant: Small, isPrompt: true));
        var small = await _store.NextAsync();
        commits.TryAdd(new Item(2, tenant: Large));
        commits.TryAdd(new Item(3, tenant: Small, isPrompt: true));
        commits.TryAdd(new Item(4, tenant: Other, isPrompt: true));
        Assert.Equal(2, _store.Begun);

        // A small one is still under way, and more of its sort wait.
        large.Commit();
        var next = await _store.NextAsync();
        Assert.Equal([2, 3, 4], next.Numbers.Order());

        small.Commit();
        next.Commit();
    }

    [Fact]
    public async Task Two_transactions_of_prompt_items_make_room_for_the_others_when_one_ends()
    {
        await using var commits = _store.Commits(workers: 2, enough: 3, keepsOne: true);
        commits.TryAdd(new Item(0, tenant: Large));
        var large = await _store.NextAsync();
        commits.TryAdd(new Item(1, tenant: Small, isPrompt: true));
        var first = await _store.NextAsync();
        commits.TryAdd(new Item(2, tenant: Small, isPrompt: true));
        large.Commit();
        var second = await _store.NextAsync();
        Assert.Equal([2], second.Numbers);
        commits.TryAdd(new Item(3, tenant: Large));

        first.Commit();
        var third = await _store.NextAsync();
        Assert.Equal([3], third.Numbers);

        second.Commit();
        third.Commit();
    }
}
