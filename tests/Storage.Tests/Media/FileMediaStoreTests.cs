using Channels.Core.Ids;
using Channels.Core.Media;
using Channels.Storage.Media;
using Channels.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Channels.Storage.Tests.Media;

public sealed class FileMediaStoreTests : IDisposable
{
    private static readonly TenantId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private readonly TemporaryDirectory _files = TemporaryDirectory.Create();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Whoever_gives_up_in_the_middle_leaves_nothing_half_written()
    {
        var store = new FileMediaStore(_files.Path, new IdSource(TimeProvider.System), TimeProvider.System, NullLogger<FileMediaStore>.Instance);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.SaveAsync(Tenant, new byte[1 << 20], gone.Token));
        var reference = await store.SaveAsync(Tenant, new byte[1 << 20], default);

        Assert.Equal([reference["sha256-".Length..]], Directory.EnumerateFiles(_files.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_directory_that_takes_no_file_is_named_once_to_the_operator_and_told_until_it_takes_one()
    {
        var (clock, log) = (new ManualClock(), new LogCollector());
        var directory = _files.Combine("media");
        var store = new FileMediaStore(directory, new IdSource(clock), clock, log.For<FileMediaStore>());
        await File.WriteAllTextAsync(directory, "in the way");

        var refused = await Assert.ThrowsAsync<MediaUnavailableException>(() => store.SaveAsync(Tenant, new byte[1], default));
        clock.Advance(TimeSpan.FromSeconds(15));
        await Assert.ThrowsAsync<MediaUnavailableException>(() => store.SaveAsync(Tenant, new byte[1], default));
        var trouble = store.FindTrouble();
        File.Delete(directory);
        await store.SaveAsync(Tenant, new byte[1], default);

        Assert.Equal((refused.Message, clock.GetUtcNow() - TimeSpan.FromSeconds(15)), (trouble!.What, trouble.Since));
        Assert.DoesNotContain(directory, trouble.What + trouble.NextStep, StringComparison.Ordinal);
        Assert.Null(store.FindTrouble());
        Assert.Equal([LogLevel.Error, LogLevel.Information], log.Entries.Select(entry => entry.Level));
        Assert.All(log.Entries, entry => Assert.Contains(directory, entry.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_has_to_bring_a_file_for_it_to_be_seen_that_none_can_be_kept()
    {
        var (clock, directory) = (new ManualClock(), _files.Combine("media"));
        var store = new FileMediaStore(directory, new IdSource(clock), clock, NullLogger<FileMediaStore>.Instance);
        await File.WriteAllTextAsync(directory, "in the way");

        var before = store.FindTrouble();
        File.Delete(directory);
        var stillFresh = store.FindTrouble();
        clock.Advance(MediaCondition.Fresh);

        Assert.NotNull(before);
        Assert.Equal(before, stillFresh);
        Assert.Null(store.FindTrouble());
        Assert.Empty(Directory.EnumerateFiles(directory));
    }

    [Fact]
    public async Task A_file_that_found_no_room_counts_for_a_minute_whatever_a_small_one_finds()
    {
        var (clock, directory) = (new ManualClock(), _files.Combine("media"));
        var store = new FileMediaStore(directory, new IdSource(clock), clock, NullLogger<FileMediaStore>.Instance);
        await File.WriteAllTextAsync(directory, "in the way");
        await Assert.ThrowsAsync<MediaUnavailableException>(() => store.SaveAsync(Tenant, new byte[1], default));
        File.Delete(directory);

        clock.Advance(MediaCondition.Remembered - TimeSpan.FromSeconds(1));
        var before = store.FindTrouble();
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.NotNull(before);
        Assert.Null(store.FindTrouble());
    }
}
