using Channels.Core.Sweep;
using Channels.Grains.Abstractions;
using Orleans;

namespace Channels.Silo;

/// <summary>Makes sure that every inbox partition's sweep runs, once the process listens. Their reminders keep them alive afterwards, wherever this silo goes.</summary>
internal sealed partial class PartitionStart(IGrainFactory grains, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<PartitionStart> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A backlog takes all processors. New webhooks must not wait for it: providers give up, rows do not.
        await Task.Delay(Timeout.InfiniteTimeSpan, lifetime.ApplicationStarted).ContinueWith(_ => { }, stoppingToken, TaskContinuationOptions.None, TaskScheduler.Default);
        for (var partition = 0; partition < Partitions.Count; partition++)
        {
            while (!await StartAsync(partition))
            {
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken);
            }
        }
    }

    private async Task<bool> StartAsync(int partition)
    {
        try
        {
            await grains.GetGrain<IInboxPartitionGrain>(partition).StartAsync();
            return true;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Log.NotStarted(logger, partition, failure.GetType().Name);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4302, LogLevel.Warning, "Partition {Partition} did not start ({Failure}); trying again in a second")]
        public static partial void NotStarted(ILogger logger, int partition, string failure);
    }
}
