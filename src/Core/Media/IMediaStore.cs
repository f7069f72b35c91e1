using Channels.Core.Ids;

namespace Channels.Core.Media;

/// <summary>Keeps files that came inside webhooks. Messages name them by reference.</summary>
/// <remarks>A file is durable when <see cref="SaveAsync"/> returns: only then may the webhook it came in be forgotten. The same content twice is one file.</remarks>
public interface IMediaStore
{
    /// <summary>Keeps a file; the answer is its reference, <c>sha256-</c> and 64 hex digits. Safe to repeat.</summary>
    Task<string> SaveAsync(TenantId tenant, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Opens a tenant's file; null when there is none under that reference. The caller disposes of it.</summary>
    Task<Stream?> OpenAsync(TenantId tenant, string reference, CancellationToken cancellationToken);
}
