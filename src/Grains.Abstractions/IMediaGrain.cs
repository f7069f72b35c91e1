using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>Fetches the files that one account's messages only name. Key: account id.</summary>
/// <remarks>Off the message path: a message is recorded without waiting for its file. Its turn may wait for it, for a while; then the conversation is told when it is here.</remarks>
[Alias("IMediaGrain")]
public interface IMediaGrain : IGrainWithGuidKey
{
    /// <summary>There may be files to fetch. Returns once noted.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();
}
