using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

public sealed class ServerLogTests
{
    [Fact]
    public void A_full_log_is_moved_aside_and_its_writer_goes_on()
    {
        using var directory = TemporaryDirectory.Create();
        var log = new ServerLog(directory.Path);
        using var writer = new FileStream(log.Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        writer.Write("a long line that fills it"u8);
        writer.Flush();

        log.Trim(largest: 10);

        Assert.Equal("a long line that fills it", File.ReadAllText(log.Path + ".1"));
        Assert.Equal("", log.Since(0));
    }
}
