using Channels.Core.Channels;
using Channels.Core.Sweep;
using Channels.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;

namespace Channels.Grains.Partition;

/// <summary>Looks every two seconds for work nobody was told of: what a crash or a lost call left in the tables.</summary>
internal sealed partial class InboxPartitionGrain(ISweep sweep, ILogger<InboxPartitionGrain> logger) : Grain, IInboxPartitionGrain, IRemindable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(SweepAsync, new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Tick, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StartAsync() => await this.RegisterOrUpdateReminder("alive", Life, Life);

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var waiting = await sweep.FindAsync((int)this.GetPrimaryKeyLong(), Partitions.Count, cancellationToken);
            await Task.WhenAll(
                [
                    .. waiting.Inboxes.Select(account => GrainFactory.GetGrain<IAccountGrain>(account.Value).WakeAsync()),
                    .. waiting.Echoes.Select(account => GrainFactory.GetGrain<IAccountGrain>(account.Value).WatchEchoesAsync()),
                    .. waiting.Turns.Select(turn => GrainFactory.GetGrain<IConversationGrain>(turn.Conversation.Value).EnqueueAsync(turn, [], complete: false)),
                    .. waiting.Sessions.Select(account => GrainFactory.GetGrain<IWhatsAppSessionGrain>(account.Value).WakeAsync()),
                    .. waiting.Intakes.Select(account => GrainFactory.GetGrain<IIntakeGrain>(account.Value).WakeAsync()),
                    .. waiting.Files.Select(account => GrainFactory.GetGrain<IMediaGrain>(account.Value).WakeAsync()),
                    .. waiting.Outboxes.Select(row => GrainFactory.GetGrain<IDeliveryGrain>(row.Account.Value).WakeAsync()),
                ]);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The next tick looks again.
            Log.SweepFailed(logger, this.GetPrimaryKeyLong(), failure.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4301, LogLevel.Warning, "Partition {Partition} could not look for waiting work ({Failure}); it looks again in two seconds")]
        public static partial void SweepFailed(ILogger logger, long partition, string failure);
    }
}
