using Microsoft.Extensions.Logging;

namespace Channels.Storage.Embedded;

/// <summary>While the host lives: starts a server again that died, and keeps its log small.</summary>
internal sealed partial class ServerWatch(Func<bool> isAlive, Func<CancellationToken, Task<int>> reopen, ServerLog log, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private CancellationTokenSource? _ending;
    private Task _watching = Task.CompletedTask;

    public void Begin()
    {
        _ending = new();
        _watching = WatchAsync(_ending.Token);
    }

    public async Task EndAsync()
    {
        if (_ending is not null)
        {
            await _ending.CancelAsync();
            await _watching;
            _ending.Dispose();
            _ending = null;
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(BetweenLooks, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                log.Trim();
                if (!isAlive())
                {
                    await ReopenAsync(cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        Log.Died(logger, log.Path);
        try
        {
            Log.Reopened(logger, await reopen(cancellationToken));
        }
        catch (Exception failed) when (failed is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever it was, such as a fork for which there was no memory: a watch that ended with it would never look again.
            Log.NotReopened(logger, failed);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2811, LogLevel.Error, "The private Postgres died; starting it again. Its last words are in {LogFile}")]
        public static partial void Died(ILogger logger, string logFile);

        [LoggerMessage(2812, LogLevel.Warning, "The private Postgres is back as process {ProcessId}")]
        public static partial void Reopened(ILogger logger, int processId);

        [LoggerMessage(2813, LogLevel.Error, "The private Postgres did not come back; trying again")]
        public static partial void NotReopened(ILogger logger, Exception exception);
    }
}
