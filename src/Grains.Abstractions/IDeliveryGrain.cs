using System.Collections.Immutable;
using Channels.Core.Ids;
using Channels.Core.Outbox;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One account's outbox: sends replies in order per conversation, repeats what did not leave, settles what may have. Key: account id.</summary>
/// <remarks>Message path, step 6 of 6. Calls return once queued; the provider is awaited in the grain's own loop only.</remarks>
[Alias("IDeliveryGrain")]
public interface IDeliveryGrain : IGrainWithGuidKey
{
    /// <summary>New replies, committed already, in order.</summary>
    [Alias("EnqueueAsync"), AlwaysInterleave]
    Task EnqueueAsync(TenantId tenant, ImmutableArray<QueuedReply> replies);

    /// <summary>Something changed in the store or in the channel: look again.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();
}
