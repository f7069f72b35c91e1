using Channels.Core;
using Channels.Core.Transcript;
using Channels.Storage.Batching;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Channels.Storage.Tests.Batching;

/// <summary>What the callers of a transaction hear when the database does not take it.</summary>
public sealed class GroupCommitFailureTests
{
    private readonly HeldStore _store = new();
    private readonly List<IReadOnlyList<int>> _committed = [];

    [Theory]
    [InlineData("22P05")]
    [InlineData("22021")]
    [InlineData("23505")]
    [InlineData("23514")]
    [InlineData("21000")]
    [InlineData("54000")]
    public async Task A_refused_batch_is_split_until_the_culprit_is_alone(string sqlState)
    {
        var items = await RunAsync(count: 9, (batch, _) => batch.Contains(5) ? HeldStore.Says(sqlState) : null);

        var refusal = await Assert.ThrowsAsync<BatchRefusedException>(items[5].EndAsync);
        Assert.Equal(sqlState, refusal.SqlState);
        await Task.WhenAll(items.Where(item => item.Number != 5).Select(item => item.EndAsync()));
        Assert.Equal(items.Select(item => item.Number).Where(number => number != 5), _committed.SelectMany(batch => batch));
    }

    [Fact]
    public async Task Each_of_several_culprits_hears_of_its_own_refusal()
    {
        var items = await RunAsync(
            count: 16, (batch, _) => batch.Contains(3) ? HeldStore.Says("22P05") : batch.Contains(4) || batch.Contains(15) ? HeldStore.Says("23505") : null);

        Assert.Equal("22P05", (await Assert.ThrowsAsync<BatchRefusedException>(items[3].EndAsync)).SqlState);
        Assert.Equal("23505", (await Assert.ThrowsAsync<BatchRefusedException>(items[4].EndAsync)).SqlState);
        Assert.Equal("23505", (await Assert.ThrowsAsync<BatchRefusedException>(items[15].EndAsync)).SqlState);
        await Task.WhenAll(items.Where(item => item.Number is not (3 or 4 or 15)).Select(item => item.EndAsync()));
        Assert.Equal(13, _committed.Sum(batch => batch.Count));
    }

    [Fact]
    public async Task What_cannot_be_written_down_harms_only_its_own_caller()
    {
        var items = await RunAsync(count: 9, (batch, _) => batch.Contains(5) ? new ArgumentOutOfRangeException("when", "my secret words") : null);

        var refusal = await Assert.ThrowsAsync<BatchRefusedException>(items[5].EndAsync);
        Assert.Equal("ArgumentOutOfRangeException", refusal.SqlState);
        Assert.DoesNotContain("secret", refusal.ToString(), StringComparison.Ordinal);
        await Task.WhenAll(items.Where(item => item.Number != 5).Select(item => item.EndAsync()));
    }

    [Fact]
    public async Task A_refusal_does_not_repeat_the_words_the_server_quotes()
    {
        var items = await RunAsync(count: 1, (_, _) => HeldStore.Says("22P02", "invalid input: \"my secret words\""));

        var refusal = await Assert.ThrowsAsync<BatchRefusedException>(items[0].EndAsync);

        Assert.DoesNotContain("secret", refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PostgresErrorCodes.SerializationFailure)]
    [InlineData(PostgresErrorCodes.DeadlockDetected)]
    public async Task A_conflict_undid_everything_so_the_same_batch_goes_again(string sqlState)
    {
        var items = await RunAsync(count: 3, (_, attempt) => attempt <= 4 ? HeldStore.Says(sqlState) : null);

        await Task.WhenAll(items.Select(item => item.EndAsync()));

        Assert.Equal([[0, 1, 2]], _committed);
    }

    [Fact]
    public async Task A_conflict_that_does_not_end_is_given_up()
    {
        var attempts = 0;
        var items = await RunAsync(count: 2, (_, attempt) => HeldStore.Says(PostgresErrorCodes.SerializationFailure, $"{attempts = attempt}"));

        await Assert.ThrowsAsync<StoreUnavailableException>(items[0].EndAsync);
        await Assert.ThrowsAsync<StoreUnavailableException>(items[1].EndAsync);
        Assert.Equal(5, attempts);
    }

    [Fact]
    public async Task A_refusal_that_comes_after_a_conflict_is_split_as_well()
    {
        var items = await RunAsync(
            count: 4, (batch, attempt) => attempt == 1 ? HeldStore.Says(PostgresErrorCodes.DeadlockDetected) : batch.Contains(2) ? HeldStore.Says("23505") : null);

        await Assert.ThrowsAsync<BatchRefusedException>(items[2].EndAsync);
        await Task.WhenAll(items[0].EndAsync(), items[1].EndAsync(), items[3].EndAsync());
    }

    public static TheoryData<Exception> OtherFailures() => new(
        new NpgsqlException("the connection broke"),
        HeldStore.Says(PostgresErrorCodes.AdminShutdown),
        HeldStore.Says(PostgresErrorCodes.DiskFull),
        new TimeoutException(),
        new OperationCanceledException(),
        new InvalidOperationException("a mistake of ours"));

    [Theory]
    [MemberData(nameof(OtherFailures))]
    public async Task Any_other_failure_is_told_to_all_and_the_next_batch_goes_on(Exception failure)
    {
        await using var commits = _store.Commits();
        var first = new Item(1);
        commits.TryAdd(first);
        var healthy = await _store.NextAsync();
        var failing = new[] { new Item(2), new Item(3) };
        Assert.All(failing, item => commits.TryAdd(item));
        healthy.Commit();

        (await _store.NextAsync()).Fail(failure);

        foreach (var item in failing)
        {
            Assert.Same(failure, (await Assert.ThrowsAsync<StoreUnavailableException>(item.EndAsync)).InnerException);
        }

        await first.EndAsync();
        var next = new Item(4);
        commits.TryAdd(next);
        (await _store.NextAsync()).Commit();
        await next.EndAsync();
    }

    [Fact]
    public async Task A_commit_that_throws_before_it_awaits_is_a_failure_as_any_other()
    {
        await using var commits = new GroupCommit<Item>(
            new GroupCommitLimits(1, 1, 10, 1000, 10), (_, _) => throw new NpgsqlException("no connection"), NullLogger.Instance);
        var item = new Item(1);

        commits.TryAdd(item);

        await Assert.ThrowsAsync<StoreUnavailableException>(item.EndAsync);
    }

    [Fact]
    public async Task Half_of_a_split_batch_may_fail_and_the_other_half_be_committed()
    {
        var items = await RunAsync(
            count: 4, (batch, _) => batch.Count == 4 ? HeldStore.Says("23505") : batch.Contains(0) ? new NpgsqlException("the connection broke") : null);

        await Assert.ThrowsAsync<StoreUnavailableException>(items[0].EndAsync);
        await Assert.ThrowsAsync<StoreUnavailableException>(items[1].EndAsync);
        await Task.WhenAll(items[2].EndAsync(), items[3].EndAsync());
        Assert.Equal([[2, 3]], _committed);
    }

    // All items in one batch: they come while another is held. What the database says depends on the batch and on how often it was tried.
    private async Task<List<Item>> RunAsync(int count, Func<IReadOnlyList<int>, int, Exception?> says)
    {
        await using var commits = _store.Commits();
        commits.TryAdd(new Item(-1));
        var held = await _store.NextAsync();
        var items = Enumerable.Range(0, count).Select(number => new Item(number)).ToList();
        Assert.All(items, item => Assert.True(commits.TryAdd(item)));
        held.Commit();

        IReadOnlyList<int> last = [];
        var attempt = 0;
        var done = Task.WhenAll(items.Select(item => item.Done.ContinueWith(_ => { }, TaskScheduler.Default)));
        while (!done.IsCompleted)
        {
            var beginning = _store.NextAsync();
            if (await Task.WhenAny(beginning, done) == done)
            {
                break;
            }

            var transaction = await beginning;
            attempt = transaction.Numbers.SequenceEqual(last) ? attempt + 1 : 1;
            last = transaction.Numbers;
            if (says(transaction.Numbers, attempt) is { } failure)
            {
                transaction.Fail(failure);
            }
            else
            {
                _committed.Add(transaction.Numbers);
                transaction.Commit();
            }
        }

        return items;
    }
}
