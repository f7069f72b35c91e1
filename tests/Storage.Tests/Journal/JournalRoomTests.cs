using Channels.Core;
using Channels.Storage.Tests.Inbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Journal;

/// <summary>The journal takes no more of the disk than it may, and gives it back.</summary>
public sealed class JournalRoomTests : IDisposable
{
    private const int TwoFiles = 32;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly JournalDirectory _directory = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Switched_off_it_takes_nothing_and_gives_what_it_has()
    {
        await using (var journal = _directory.Open())
        {
            await JournalDirectory.ReadyAsync(journal);
            await _directory.AppendAsync(journal, 2, bytes: 10);
        }

        await using var off = _directory.Open(megabytes: 0);

        Assert.False(off.IsReady());
        Assert.Equal([1, 2], JournalDirectory.TakeAll(off).Select(one => one.Number));
        off.Clear();
        Assert.False(off.IsReady());
        Assert.Empty(_directory.Files);
    }

    [Fact]
    public async Task When_it_is_full_who_comes_waits_until_something_is_moved()
    {
        await using var journal = _directory.Open(megabytes: TwoFiles, clock: _clock);
        await _directory.AppendAsync(journal, 6);
        Assert.False(journal.IsReady());

        var waits = _clock.TimerSetAsync(time => time == Patience);
        var append = _directory.AppendAsync(journal, 1);
        await waits.WaitAsync(Deadline);

        // The first file has three.
        Assert.True(JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal));
        Assert.Equal(6, journal.Synced);
        Assert.False(append.IsCompleted);
        Assert.True(JournalDirectory.TryMove(journal));

        await append.WaitAsync(Deadline);
        Assert.Equal(2, _directory.Files.Count);
        Assert.Equal([4, 5, 6, 7], JournalDirectory.TakeAll(journal).Select(one => one.Number));
    }

    [Fact]
    public async Task When_it_stays_full_who_comes_is_turned_away_after_ten_seconds()
    {
        await using var journal = _directory.Open(megabytes: TwoFiles, clock: _clock);
        await _directory.AppendAsync(journal, 6);

        var waits = _clock.TimerSetAsync(time => time == Patience);
        var webhook = _directory.Webhook(Webhooks.Tenant(2), Webhooks.Account(2), JournalDirectory.ThirdOfFile);
        var append = JournalDirectory.AppendAsync(journal, webhook);
        await waits.WaitAsync(Deadline);
        Assert.True(journal.Contents.Has(webhook.Tenant));
        Assert.False(append.IsCompleted);
        _clock.Advance(Patience);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => append.WaitAsync(Deadline));
        Assert.Equal(6, journal.Contents.Count);
        Assert.False(journal.Contents.Has(webhook.Tenant));

        // There is no gap where it would have been.
        Assert.True(JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal));
        await _directory.AppendAsync(journal, 1);
        Assert.Equal([4, 5, 6, 7], JournalDirectory.TakeAll(journal).Select(one => one.Number));
    }

    [Fact]
    public async Task Files_are_used_again_and_again()
    {
        await using var journal = _directory.Open(megabytes: TwoFiles, clock: _clock);
        for (var round = 0; round < 8; round++)
        {
            await _directory.AppendAsync(journal, 3).WaitAsync(Deadline);
            Assert.Equal([(3 * round) + 1, (3 * round) + 2, (3 * round) + 3], JournalDirectory.TakeAll(journal).Select(one => one.Number));
        }

        Assert.Equal(["000001.journal", "000002.journal"], _directory.Files);
    }

    [Fact]
    public async Task Its_disk_is_given_back_when_nothing_is_in_it_and_only_then()
    {
        await using var journal = _directory.Open(megabytes: TwoFiles, clock: _clock);
        await _directory.AppendAsync(journal, 4);
        Assert.True(JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal));

        journal.Clear();
        Assert.Equal(2, _directory.Files.Count);
        Assert.True(JournalDirectory.TryMove(journal));

        journal.Clear();
        Assert.Empty(_directory.Files);

        await _directory.AppendAsync(journal, 1);
        Assert.Equal([5], JournalDirectory.TakeAll(journal).Select(one => one.Number));
    }

    [Fact]
    public async Task While_the_store_takes_nothing_nobody_is_acknowledged()
    {
        await using var journal = _directory.Open();
        await _directory.AppendAsync(journal, 1, bytes: 10);
        await JournalDirectory.ReadyAsync(journal);

        journal.Suspend(true);
        Assert.False(journal.IsReady());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _directory.AppendAsync(journal, 1, bytes: 10));
        Assert.Equal(1, journal.Contents.Count);

        journal.Suspend(false);
        Assert.True(journal.IsReady());
        await _directory.AppendAsync(journal, 1, bytes: 10);
        Assert.Equal([1, 2], JournalDirectory.TakeAll(journal).Select(one => one.Number));
    }
}
