using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One account: drains its part of the inbox. Key: account id.</summary>
/// <remarks>Message path, steps 3 and 4 of 6. Only this grain reads and finishes its account's rows, so hint and sweep meet in its mailbox.</remarks>
[Alias("IAccountGrain")]
public interface IAccountGrain : IGrainWithGuidKey
{
    /// <summary>Rows may have come. Returns once noted; the draining happens in the grain's own loop.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();

    /// <summary>The channel's settings or status changed: read them again, and look whether waiting replies may leave.</summary>
    [Alias("SettingsChangedAsync"), AlwaysInterleave]
    Task SettingsChangedAsync();

    /// <summary>Replaces the account's status. The grain is the only writer of the account's row.</summary>
    [Alias("SetStatusAsync")]
    Task SetStatusAsync(AccountStatusChange change, CancellationToken cancellationToken);
}
