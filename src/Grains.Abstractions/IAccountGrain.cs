using Channels.Core.Ids;
using Orleans;
using Orleans.Concurrency;

namespace Channels.Grains.Abstractions;

/// <summary>One account: drains its part of the inbox. Key: account id.</summary>
/// <remarks>Message path, steps 3 and 4 of 6. Only this grain reads and finishes its account's rows, so hint and sweep meet in its mailbox.</remarks>
[Alias("IAccountGrain")]
public interface IAccountGrain : IGrainWithGuidKey
{
    /// <summary>There may be rows that came the grain does not know how: it looks into its table. Returns once noted; the draining happens in the grain's own loop.</summary>
    [Alias("WakeAsync"), AlwaysInterleave]
    Task WakeAsync();

    /// <summary>Webhooks came through the inbox: they are at hand where they were committed in this process, else in the table. Returns once noted.</summary>
    [Alias("ArrivedAsync"), AlwaysInterleave]
    Task ArrivedAsync();

    /// <summary>Messages are held that may be echoes of ours: it looks for them until none are. Returns once noted.</summary>
    [Alias("WatchEchoesAsync"), AlwaysInterleave]
    Task WatchEchoesAsync();

    /// <summary>The channel's settings or status changed: read them again, and look whether waiting replies may leave.</summary>
    [Alias("SettingsChangedAsync"), AlwaysInterleave]
    Task SettingsChangedAsync();

    /// <summary>Replaces the account's status. The grain is the only writer of the account's row.</summary>
    [Alias("SetStatusAsync")]
    Task SetStatusAsync(AccountStatusChange change, CancellationToken cancellationToken);

    /// <summary>The conversation of a chat; made when there is none yet. Safe to repeat.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="chatId">In the provider's canonical form.</param>
    /// <param name="chatType">As in events.</param>
    /// <param name="phone">The contact's number in digits, where known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    [Alias("OpenChatAsync"), AlwaysInterleave]
    Task<ConversationId> OpenChatAsync(TenantId tenant, string chatId, string chatType, string? phone, CancellationToken cancellationToken);
}
