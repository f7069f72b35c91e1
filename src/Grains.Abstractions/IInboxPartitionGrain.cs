using Orleans;

namespace Channels.Grains.Abstractions;

/// <summary>One share of all accounts: finds work whose hint was lost. Key: partition number from 0.</summary>
/// <remarks>Sweeps at start, then every two seconds by timer; its reminder only guarantees that it lives.</remarks>
[Alias("IInboxPartitionGrain")]
public interface IInboxPartitionGrain : IGrainWithIntegerKey
{
    /// <summary>Makes sure that it runs. Returns once it does.</summary>
    [Alias("StartAsync")]
    Task StartAsync();
}
