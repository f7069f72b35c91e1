using Channels.Core.Ids;

namespace Channels.Core.Media;

/// <summary>Keeps files that came inside webhooks. Messages name them by reference.</summary>
/// <remarks>A file is durable when <see cref="SaveAsync"/> returns: only then may the webhook it came in be forgotten. The same content twice is one file.</remarks>
public interface IMediaStore
{
    /// <summary>Keeps a file; the answer is its reference, <c>sha256-</c> and 64 hex digits. Safe to repeat.</summary>
    /// <exception cref="MediaUnavailableException">It cannot be kept now, whatever it is; nothing of it was.</exception>
    Task<string> SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Opens a tenant's file; null when there is none under that reference. The caller disposes of it.</summary>
    Task<Stream?> OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken);

    /// <summary>What keeps files from being kept, or null. For who would otherwise fetch one only to find no room for it, and for who watches. Cheap: the directory is looked at every few seconds at the most.</summary>
    MediaTrouble? FindTrouble();
}
