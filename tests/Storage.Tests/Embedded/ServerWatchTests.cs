using System.ComponentModel;
using Channels.Storage.Embedded;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

public sealed class ServerWatchTests : IDisposable
{
    private readonly TemporaryDirectory _home = TemporaryDirectory.Create();
    private readonly LogCollector _log = new();

    public void Dispose()
    {
        _log.Dispose();
        _home.Dispose();
    }

    /// <summary>As when there is no memory for one.</summary>
    [Fact]
    public async Task A_process_that_could_not_be_started_once_is_started_at_the_next_look()
    {
        var clock = new ManualClock();
        var (tries, isAlive) = (0, false);
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var watch = new ServerWatch(() => isAlive, Reopen, new ServerLog(_home.Path), clock, _log.For<ServerWatchTests>());
        watch.Begin();

        await Eventually.TrueAsync("another try", () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return back.Task.IsCompleted;
        });

        await watch.EndAsync();
        Assert.Equal(2, tries);
        Assert.Contains(_log.Entries, entry => entry.Exception is Win32Exception);

        Task<int> Reopen(CancellationToken cancellationToken)
        {
            if (++tries == 1)
            {
                throw new Win32Exception(12);
            }

            isAlive = true;
            back.SetResult();
            return Task.FromResult(42);
        }
    }
}
