using Channels.Core.Ids;
using Channels.Storage.Media;
using Channels.Testing;

namespace Channels.Storage.Tests.Media;

public sealed class FileMediaStoreTests : IDisposable
{
    private static readonly TenantId Tenant = new(new Guid(1, 0, 0, new byte[8]));
    private readonly TemporaryDirectory _files = TemporaryDirectory.Create();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Whoever_gives_up_in_the_middle_leaves_nothing_half_written()
    {
        var store = new FileMediaStore(_files.Path, new IdSource(TimeProvider.System), TimeProvider.System);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.SaveAsync(Tenant, new byte[1 << 20], gone.Token));
        var reference = await store.SaveAsync(Tenant, new byte[1 << 20], default);

        Assert.Equal([reference["sha256-".Length..]], Directory.EnumerateFiles(_files.Path, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }
}
