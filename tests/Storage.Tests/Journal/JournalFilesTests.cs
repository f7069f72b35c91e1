using System.Runtime.Versioning;
using Channels.Core;
using Channels.Core.Inbox;
using Channels.Storage.Journal;
using Channels.Storage.Tests.Inbox;
using Channels.Testing;

namespace Channels.Storage.Tests.Journal;

/// <summary>What is written to the journal's files is found in them, by this process and the next.</summary>
public sealed class JournalFilesTests : IDisposable
{
    private readonly JournalDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Batches_are_read_as_they_were_written_over_several_files()
    {
        await using var journal = _directory.Open();
        var large = await _directory.AppendAsync(journal, 7);
        var small = await _directory.AppendAsync(journal, 400, bytes: 10);

        Expect(1, [.. large, .. small], JournalDirectory.TakeAll(journal));
        Assert.True(journal.IsEmpty);
        Assert.Equal(0, journal.Contents.Count);
    }

    [Fact]
    public async Task A_piece_that_is_not_moved_is_read_again()
    {
        await using var journal = _directory.Open();
        var written = await _directory.AppendAsync(journal, 5, bytes: 10);

        Assert.Equal(3, journal.Reader.Read(3, JournalReader.Enough, 0)!.Last);
        Assert.Equal(1, journal.Reader.Read(1, JournalReader.Enough, 0)!.Last);
        Expect(1, written, JournalDirectory.TakeAll(journal));
    }

    [Fact]
    public async Task Batches_that_are_in_the_table_are_not_read_together_with_later_ones()
    {
        await using var journal = _directory.Open();
        await _directory.AppendAsync(journal, 5, bytes: 10);

        var first = journal.Reader.Read(256, JournalReader.Enough, inTable: 2)!;
        Assert.Equal((2, 2), (first.Last, first.Count));
        journal.Reader.Moved(first);
        Assert.Equal(5, journal.Reader.Read(256, JournalReader.Enough, inTable: 2)!.Last);
    }

    [Fact]
    public async Task The_next_process_finds_everything_that_is_not_moved()
    {
        var (one, other) = (Webhooks.Tenant(1), Webhooks.Tenant(2));
        InboundWebhook first, second, third;
        await using (var journal = _directory.Open())
        {
            first = _directory.Webhook(one, Webhooks.Account(1), receivedAt: DateTimeOffset.UnixEpoch.AddSeconds(1));
            second = _directory.Webhook(one, Webhooks.Account(1), JournalDirectory.ThirdOfFile, DateTimeOffset.UnixEpoch.AddSeconds(2));
            third = _directory.Webhook(other, Webhooks.Account(2), receivedAt: DateTimeOffset.UnixEpoch.AddSeconds(3));
            await JournalDirectory.AppendAsync(journal, first, third);
            await JournalDirectory.AppendAsync(journal, second);
        }

        await using var next = _directory.Open();

        Assert.Equal(3, next.Contents.Count);
        Assert.Equal((2, first.ReceivedAt), next.Contents.Of(one).Accounts[Webhooks.Account(1)]);
        Assert.Equal((1, third.ReceivedAt), next.Contents.Of(other).Accounts[Webhooks.Account(2)]);
        Assert.True(next.Contents.Has(one) && next.Contents.Has(other) && !next.Contents.Has(Webhooks.Tenant(3)));
        Assert.Equal(third.Id.Value, next.Newest);
        var read = JournalDirectory.TakeAll(next);
        Assert.Equal([1, 2], read.Select(one => one.Number));
        Assert.Equal([JournalDirectory.RowsOf(first, third), JournalDirectory.RowsOf(second)], read.Select(one => one.Rows));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    [InlineData(6, 0)]
    public async Task What_is_moved_is_not_found_again_and_its_files_go(int moved, int files)
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 6);
        }

        await using var next = _directory.Open(moved, megabytes: 0);

        Assert.Equal(files, _directory.Files.Count);
        Assert.Equal(6 - moved, next.Contents.Count);
        Assert.Equal(moved == 6 ? null : written[^1].Id.Value, next.Newest);
        Expect(moved + 1, written[moved..], JournalDirectory.TakeAll(next));
    }

    [Fact]
    public async Task Numbers_go_on_where_the_table_is_when_the_files_are_gone()
    {
        await using var journal = _directory.Open(moved: 17);

        var written = await _directory.AppendAsync(journal, 1, bytes: 10);

        Expect(18, written, JournalDirectory.TakeAll(journal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_that_was_written_only_in_part_ends_the_reading_and_its_number_is_used_again(bool isCutOff)
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 3, bytes: 5000);
        }

        var end = JournalDirectory.Start(3, written[0]);
        await using (var file = File.OpenWrite(Path.Combine(_directory.Path, Assert.Single(_directory.Files))))
        {
            if (isCutOff)
            {
                file.SetLength(end - 1);
            }
            else
            {
                // The last four bytes are zeros anyway: nobody's row has no body.
                file.Position = end - 8;
                file.Write(new byte[8]);
            }
        }

        await using (var next = _directory.Open())
        {
            Assert.Equal(2, next.Contents.Count);
            written[2] = (await _directory.AppendAsync(next, 1, bytes: 10))[0];
            Assert.Equal(3, next.Synced);
        }

        await using var last = _directory.Open();
        Expect(1, written, JournalDirectory.TakeAll(last));
    }

    [Fact]
    public async Task What_an_earlier_use_of_a_file_left_in_it_is_not_read()
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open(megabytes: 32))
        {
            written = await _directory.AppendAsync(journal, 6);
            Assert.True(JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal) && JournalDirectory.TryMove(journal));
            written.AddRange(await _directory.AppendAsync(journal, 1));
        }

        // The seventh stands before the second and third, which are whole.
        Assert.Equal(["000001.journal", "000002.journal"], _directory.Files);
        await using var next = _directory.Open(moved: 3);

        Assert.Equal((4, 7), (next.Contents.Count, next.Synced));
        Expect(4, written[3..], JournalDirectory.TakeAll(next));
    }

    [Fact]
    public async Task A_file_that_was_begun_for_nothing_is_no_hindrance()
    {
        await using (var journal = _directory.Open())
        {
            await _directory.AppendAsync(journal, 1, bytes: 10);
        }

        using (var empty = JournalSegment.Create(Path.Combine(_directory.Path, "000009.journal")))
        {
            empty.Begin(_directory.Journal, 2);
        }

        await using var next = _directory.Open();
        Assert.Equal(1, next.Contents.Count);
        await _directory.AppendAsync(next, 1, bytes: 10);

        Assert.Equal([1, 2], JournalDirectory.TakeAll(next).Select(one => one.Number));
    }

    [Fact]
    public async Task A_damaged_file_is_kept_the_others_are_read_and_nothing_more_is_written()
    {
        using var log = new LogCollector();
        await using var journal = _directory.Open(logger: log.CreateLogger("journal"));
        var written = await _directory.AppendAsync(journal, 6);
        JournalDirectory.FlipByte(journal.FileOf(2), JournalDirectory.Start(1, written[0]) + 1000);

        var read = JournalDirectory.TakeAll(journal);

        Assert.Equal([1, 3, 4, 5, 6], read.Select(one => one.Number));
        Expect(3, written[2..], read[1..]);
        Assert.Equal(["000001.journal"], _directory.Kept);
        Assert.Contains(log.Entries, entry => entry.Event.Id == 2303 && entry.Message.Contains("batches 2 to 2", StringComparison.Ordinal));
        Assert.False(journal.IsReady());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _directory.AppendAsync(journal, 1));

        await journal.DisposeAsync();
        await using var next = _directory.Open(moved: 6);
        var kept = await File.ReadAllBytesAsync(Path.Combine(_directory.Path, Assert.Single(_directory.Files)));
        Assert.True(kept.AsSpan().IndexOf(JournalDirectory.RowsOf(written[2])) > 0);
        Assert.Equal(["000001.journal"], _directory.Kept);
    }

    [Fact]
    public async Task Files_of_another_journal_are_left_aside()
    {
        List<InboundWebhook> written;
        await using (var journal = _directory.Open())
        {
            written = await _directory.AppendAsync(journal, 4);
        }

        using var log = new LogCollector();
        await using (var other = _directory.Open(journal: new Guid(43, 0, 0, new byte[8]), logger: log.CreateLogger("journal")))
        {
            Assert.Equal((0, 0), (other.Contents.Count, other.Synced));
            Assert.Null(other.Newest);
            Assert.Empty(JournalDirectory.TakeAll(other));
            Assert.Equal(["000001.journal", "000002.journal"], _directory.Files);
            Assert.Equal(2, log.Entries.Count(entry => entry.Event.Id == 2313));
        }

        // Nothing in them was touched: with its own database again, they are found.
        await using var again = _directory.Open();
        Expect(1, written, JournalDirectory.TakeAll(again));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task Its_files_are_the_owners_alone()
    {
        await using var journal = _directory.Open();
        await _directory.AppendAsync(journal, 1, bytes: 10);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory.Path));
        Assert.All(_directory.Files, name => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory.Path, name))));
    }

    [Fact]
    public async Task A_directory_that_another_process_uses_is_refused()
    {
        await using var journal = _directory.Open();
        await _directory.AppendAsync(journal, 1, bytes: 10);

        Assert.StartsWith("Channels:DataDirectory names a directory", Assert.Throws<SettingException>(() => _directory.Open()).Message, StringComparison.Ordinal);
    }

    private static void Expect(long first, IReadOnlyList<InboundWebhook> webhooks, IReadOnlyList<(long Number, byte[] Rows)> read)
    {
        Assert.Equal(webhooks.Select((_, at) => first + at), read.Select(one => one.Number));
        foreach (var (webhook, (number, rows)) in webhooks.Zip(read))
        {
            Assert.True(rows.AsSpan().SequenceEqual(JournalDirectory.RowsOf(webhook)), $"Batch {number} is not as it was written.");
        }
    }
}
