using System.Collections.Concurrent;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Storage.Tests.Batching;

/// <summary>Many callers at once: whatever the threads do, each item is committed once and no caller waits for ever.</summary>
public sealed class GroupCommitStressTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<int, int> _committed = new();
    private int _underWay;
    private int _mostUnderWay;
    private int _mostItems;

    // Many callers meet in transactions and refusals; one or two come again and again just when the last transaction ends and its worker goes.
    [Theory]
    [InlineData(64, 150, 1, 1)]
    [InlineData(64, 150, 2, 16)]
    [InlineData(64, 150, 3, 1)]
    [InlineData(1, 20_000, 1, 1)]
    [InlineData(2, 10_000, 2, 64)]
    public async Task Every_item_ends_exactly_once_and_none_is_left_behind(int callers, int each, int workers, int enough)
    {
        var commits = new GroupCommit<Item>(new GroupCommitLimits(workers, enough, Items: 20, Bytes: 1000, Queue: 100_000), CommitAsync, NullLogger.Instance);

        var refused = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var refusals = 0;
            for (var turn = 0; turn < each; turn++)
            {
                var item = new Item((caller * each) + turn);
                Assert.True(commits.TryAdd(item));
                try
                {
                    await item.Done;
                }
                catch (BatchRefusedException)
                {
                    Assert.True(IsCulprit(item.Number));
                    refusals++;
                }
            }

            return refusals;
        }))).WaitAsync(Deadline);

        await commits.DisposeAsync().AsTask().WaitAsync(Deadline);
        var numbers = Enumerable.Range(0, callers * each);
        Assert.Equal(numbers.Count(IsCulprit), refused.Sum());
        Assert.Equal(numbers.Where(number => !IsCulprit(number)), _committed.Keys.Order());
        Assert.All(_committed, pair => Assert.Equal(1, pair.Value));
        Assert.InRange(_mostUnderWay, 1, workers);
        Assert.InRange(_mostItems, 1, 20);
        Assert.Equal(0, commits.Waiting);
    }

    [Fact]
    public async Task What_was_taken_before_the_end_is_committed_whenever_the_end_comes()
    {
        for (var round = 0; round < 50; round++)
        {
            _committed.Clear();
            var commits = new GroupCommit<Item>(new GroupCommitLimits(2, 4, Items: 20, Bytes: 1000, Queue: 100_000), CommitAsync, NullLogger.Instance);
            var adding = Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
            {
                var taken = new List<Item>();
                for (var number = (caller * 1000) + 1; number < (caller * 1000) + 97; number++)
                {
                    var item = new Item(number);
                    if (!commits.TryAdd(item))
                    {
                        break;
                    }

                    taken.Add(item);
                }

                return taken;
            })).ToArray();

            await Task.Yield();
            await commits.DisposeAsync().AsTask().WaitAsync(Deadline);

            // Refused or committed: nothing that was taken may still be open once disposing has returned.
            var taken = (await Task.WhenAll(adding)).SelectMany(items => items).ToList();
            Assert.All(taken, item => Assert.True(item.Done.IsCompleted, $"Item {item.Number} was left behind in round {round}."));
            Assert.Equal(taken.Select(item => item.Number).Where(number => !IsCulprit(number)).Order(), _committed.Keys.Order());
        }
    }

    private static bool IsCulprit(int number) => number % 97 == 0;

    private async Task CommitAsync(IReadOnlyList<Item> items, CancellationToken cancellationToken)
    {
        Raise(ref _mostUnderWay, Interlocked.Increment(ref _underWay));
        Raise(ref _mostItems, items.Count);

        // Sometimes it ends before the next caller comes, sometimes not.
        for (var yields = items[0].Number % 4; yields > 0; yields--)
        {
            await Task.Yield();
        }

        Interlocked.Decrement(ref _underWay);
        if (items.Any(item => IsCulprit(item.Number)))
        {
            throw HeldStore.Says("23505");
        }

        foreach (var item in items)
        {
            _committed.AddOrUpdate(item.Number, 1, (_, times) => times + 1);
        }
    }

    private static void Raise(ref int most, int now)
    {
        for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }
}
