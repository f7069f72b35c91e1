using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>How one account's messages come in, where the provider must be asked: fetches them, looks whether they are still posted to us, or how the account stands. Key: account id.</summary>
/// <remarks>
/// Message path, before step 2: what it fetches goes through the inbox like a webhook. No call awaits the provider: the grain asks from its own loop. When it must look
/// stands in its row, and the sweep wakes it then.
/// </remarks>
[Alias("IIntakeGrain")]
public interface IIntakeGrain : IGrainWithGuidKey
{
    /// <summary>The account was activated, perhaps with other settings. Safe to repeat.</summary>
    [Alias("StartAsync"), AlwaysInterleave]
    Task StartAsync(TenantId tenant);

    /// <summary>Its owner switched it off or took it away: nothing is asked any more, and a call under way is given up.</summary>
    [Alias("StopAsync"), AlwaysInterleave]
    Task StopAsync(TenantId tenant);

    /// <summary>The provider has bad news of the account: how it stands is to be asked soon, where it can be. Returns once noted.</summary>
    [Alias("LookSoonAsync"), AlwaysInterleave]
    Task LookSoonAsync(TenantId tenant);

    /// <summary>It may be due. Returns once noted.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();
}
