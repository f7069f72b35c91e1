using Channels.Core.Ids;
using Orleans;

namespace Channels.Grains.Abstractions;

/// <summary>What a queued reply waits for.</summary>
/// <param name="Reply">Which reply.</param>
/// <param name="Cause">For what.</param>
/// <param name="Since">Since when; null for as long as it has been queued, or since its last attempt.</param>
/// <param name="Until">When it is looked at again; null when nobody can say.</param>
/// <param name="Code">What brought it about, as a word of ours; null where there is none.</param>
/// <param name="Behind">The reply of the same conversation that comes first, where that is the cause.</param>
[GenerateSerializer, Immutable, Alias("ReplyWait")]
public sealed record ReplyWait(
    [property: Id(0)] MessageId Reply, [property: Id(1)] ReplyWaitCause Cause, [property: Id(2)] DateTimeOffset? Since, [property: Id(3)] DateTimeOffset? Until,
    [property: Id(4)] string? Code, [property: Id(5)] MessageId? Behind);

/// <summary>Why a reply does not leave.</summary>
public enum ReplyWaitCause
{
    /// <summary>Its last attempt failed, and the next one's time has not come.</summary>
    Retry = 0,

    /// <summary>The provider failed again and again: for a while nobody calls it.</summary>
    CircuitOpen,

    /// <summary>The provider wants less of this account.</summary>
    RateLimited,

    /// <summary>We keep to the pace that the provider allows.</summary>
    Paced,

    /// <summary>An earlier reply of the conversation is not settled.</summary>
    BehindEarlier,

    /// <summary>Other conversations' replies are on their way or come first.</summary>
    BehindOthers,

    /// <summary>Our own store did not take a step.</summary>
    StoreUnavailable,
}
