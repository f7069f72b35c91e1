using System.Buffers.Binary;
using Channels.Core;
using Channels.Core.Ids;
using Channels.Core.Inbox;
using Channels.Storage.Database;
using Channels.Storage.Inbox;
using Channels.Storage.Journal;
using Channels.Storage.Tests.Inbox;
using Channels.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Storage.Tests.Journal;

/// <summary>What a broken disk, a crash between two steps or a full journal do to webhooks that were acknowledged: nothing more than they must.</summary>
public sealed class JournalTroubleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    private readonly JournalDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [PostgresFact]
    public async Task What_comes_row_by_row_is_counted()
    {
        await using var stage = await JournalStage.CreateAsync(await postgres.CreateDatabaseAsync());
        var account = await stage.AccountAsync();
        await stage.AppendAsync(stage.Webhook(account), stage.Webhook(account, "a\0b"), stage.Webhook(account));

        await stage.MoveAllAsync();

        Assert.Equal(2, (await stage.InTableAsync()).Count);
        Assert.Equal(3, await stage.AcceptedAsync(account));
    }

    [Fact]
    public async Task Who_was_in_a_damaged_file_is_not_turned_away_until_the_next_start()
    {
        await using var journal = _directory.Open();
        var written = await _directory.AppendAsync(journal, 2, bytes: 1000);
        JournalDirectory.FlipByte(journal.FileOf(1), JournalDirectory.Start(0, written[0]) + 100);

        Assert.Equal([2], JournalDirectory.TakeAll(journal).Select(one => one.Number));

        Assert.Equal(0, journal.Contents.Count);
        Assert.False(journal.Contents.Has(Webhooks.Tenant(1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_damaged_batch_with_others_behind_it_is_told_by_the_next_process_and_its_file_kept(int batch)
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 4);
        }

        var path = Path.Combine(_directory.Path, "000001.journal");
        using (var file = File.OpenWrite(path))
        {
            file.Position = JournalDirectory.Start(batch, written[0]) + 1000;
            file.Write(new byte[8]);
        }

        // A process that ends before it has moved anything leaves the next one as much.
        await using (var brief = _directory.Open())
        {
            Assert.Equal(3, brief.Contents.Count);
        }

        using var log = new LogCollector();
        await using (var next = _directory.Open(logger: log.CreateLogger("journal")))
        {
            Assert.Equal(Enumerable.Range(1, 4).Where(number => number != batch + 1), JournalDirectory.TakeAll(next).Select(one => (int)one.Number));
            Assert.Contains(log.Entries, entry => entry.Event.Id == 2321);
        }

        Assert.Equal(["000001.journal"], _directory.Kept);
    }

    [Fact]
    public async Task A_file_whose_head_is_damaged_is_kept()
    {
        await using (var journal = _directory.Open())
        {
            await _directory.AppendAsync(journal, 2, bytes: 1000);
        }

        using (var file = File.OpenWrite(Path.Combine(_directory.Path, "000001.journal")))
        {
            file.Position = 30;
            file.WriteByte(0xFF);
        }

        using var log = new LogCollector();
        await using var next = _directory.Open(logger: log.CreateLogger("journal"));

        Assert.Equal(["000001.journal"], _directory.Kept);
        Assert.NotEmpty(log.Entries);
    }

    [Fact]
    public async Task What_stands_behind_a_header_that_cannot_be_read_is_found_again()
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 5, bytes: 1000);
        }

        // The second batch's number and length, and the third's first bytes.
        using (var file = File.OpenWrite(Path.Combine(_directory.Path, "000001.journal")))
        {
            file.Position = JournalDirectory.Start(1, written[0]);
            file.Write(new byte[JournalFrame.HeaderSize]);
            file.Position = JournalDirectory.Start(2, written[0]) + 20;
            file.Write(new byte[8]);
        }

        await using (var next = _directory.Open())
        {
            Assert.Equal(3, next.Contents.Count);
            Assert.Equal([1, 4, 5], JournalDirectory.TakeAll(next).Select(one => one.Number));
            Assert.Equal(0, next.Contents.Count);
        }

        Assert.Equal(["000001.journal"], _directory.Kept);
    }

    [Theory]
    [InlineData("000001")]
    [InlineData("000009")]
    public async Task A_file_that_was_begun_for_nothing_hides_no_batch_of_the_next_one(string name)
    {
        await using (var journal = _directory.Open())
        {
            await _directory.AppendAsync(journal, 1, bytes: 10);
        }

        // Began the next file, and then the disk or the machine failed before its first batch was whole.
        File.Move(Path.Combine(_directory.Path, "000001.journal"), Path.Combine(_directory.Path, "000005.journal"));
        for (var more = 0; more < 4; more++)
        {
            using var empty = JournalSegment.Create(Path.Combine(_directory.Path, $"{name}{more}.journal"));
            empty.Begin(_directory.Journal, 2);
        }

        await using (var next = _directory.Open())
        {
            await _directory.AppendAsync(next, 2, bytes: 10);
            Assert.Equal(3, next.Synced);
        }

        await using var last = _directory.Open();
        Assert.Equal(3, last.Synced);
        Assert.Equal([1, 2, 3], JournalDirectory.TakeAll(last).Select(one => one.Number));
    }

    [Fact]
    public void One_that_was_not_written_does_not_make_the_oldest_younger()
    {
        var contents = new JournalContents();
        contents.Add(Webhooks.Tenant(1), Webhooks.Account(1), DateTimeOffset.UnixEpoch);
        contents.Add(Webhooks.Tenant(1), Webhooks.Account(1), DateTimeOffset.UnixEpoch.AddSeconds(10));
        contents.Withdraw(Webhooks.Tenant(1), Webhooks.Account(1));

        Assert.Equal(DateTimeOffset.UnixEpoch, contents.Of(Webhooks.Tenant(1)).Total(null).Oldest);
    }

    [Fact]
    public async Task A_length_that_cannot_be_ends_the_reading()
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 2, bytes: 10);
        }

        using (var file = File.OpenWrite(Path.Combine(_directory.Path, "000001.journal")))
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, int.MaxValue);
            file.Position = JournalDirectory.Start(1, written[0]) + 4;
            file.Write(length);
        }

        await using var next = _directory.Open();
        Assert.Equal(1, next.Contents.Count);
    }

    [PostgresFact]
    public async Task Who_is_in_the_table_is_acknowledged_though_the_journal_takes_the_others_not()
    {
        var clock = new ManualClock();
        var traffic = new InboxTraffic(clock);
        await using var stage = await JournalStage.CreateAsync(await postgres.CreateDatabaseAsync(), traffic);
        var (heavy, light) = (await stage.AccountAsync(), await stage.AccountAsync());
        await stage.AppendAsync(stage.Webhook(heavy));
        stage.Journal.Suspend(true);
        await using var inbox = new PostgresInbox(
            stage.Database, traffic, stage, new NoArrivals(), stage.Condition, TimeProvider.System, NullLogger<PostgresInbox>.Instance, stage.Journal, patience: TimeSpan.FromHours(1));
        await using var db = Npgsql.NpgsqlDataSource.Create(stage.Database.ConnectionString);
        await using var holder = await db.OpenConnectionAsync();
        await using var holding = await holder.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("lock table inbox_0, inbox_1 in share row exclusive mode", holder, holding))
        {
            await hold.ExecuteNonQueryAsync();
        }

        var first = inbox.AppendAsync(stage.Webhook(light), default);
        await Task.Delay(1000);
        var second = inbox.AppendAsync(stage.Webhook(light), default);
        var third = inbox.AppendAsync(stage.Webhook(heavy), default);
        await holding.RollbackAsync();
        await first;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => third);
        await second;
        Assert.Equal(2, (await stage.InTableAsync()).Count);
    }

    [PostgresFact]
    public async Task Who_does_not_flood_does_not_wait_for_a_full_journal()
    {
        var traffic = new InboxTraffic(new ManualClock());
        await using var stage = await JournalStage.CreateAsync(await postgres.CreateDatabaseAsync(), traffic);
        var (heavy, light) = (await stage.AccountAsync(), await stage.AccountAsync());
        await stage.Journal.DisposeAsync();
        await using var small = stage.Directory.Open(megabytes: 32);
        for (var batch = 0; batch < 6; batch++)
        {
            await JournalDirectory.AppendAsync(small, stage.Directory.Webhook(heavy.Tenant, heavy.Account, JournalDirectory.ThirdOfFile));
        }

        await using var inbox = new PostgresInbox(
            stage.Database, traffic, stage, new NoArrivals(), stage.Condition, TimeProvider.System, NullLogger<PostgresInbox>.Instance, small, patience: TimeSpan.FromHours(1));

        // The first waits for room; the others come while it does.
        var held = inbox.AppendAsync(stage.Directory.Webhook(heavy.Tenant, heavy.Account, 3 << 20), default);
        await Task.Delay(200);
        var quiet = inbox.AppendAsync(stage.Webhook(light), default);

        var first = await Task.WhenAny(quiet, Task.Delay(TimeSpan.FromSeconds(5)));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => held);
        Assert.Same(quiet, first);
    }
}
