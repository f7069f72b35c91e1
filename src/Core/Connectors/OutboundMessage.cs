using Channels.Core.Ids;

namespace Channels.Core.Connectors;

/// <summary>One message on its way out, as the provider's sender gets it.</summary>
/// <param name="Id">Ours; stays the same over all attempts, so that providers with idempotency keys can use it.</param>
/// <param name="ChatId">The chat in the provider's canonical form.</param>
/// <param name="Text">What to say; the caption of a file, the body of an interactive message; empty where the content says it all.</param>
/// <param name="ReplyTo">Provider id of the message it answers, where known.</param>
public sealed record OutboundMessage(MessageId Id, string ChatId, string Text, string? ReplyTo = null)
{
    /// <summary>What it is besides its text; null for plain text.</summary>
    public OutboundContent? Content { get; init; }

    /// <summary>
    /// Opens the stored file that <see cref="OutboundContent.File.Reference"/> names; set when there is one. Null when the file is gone.
    /// The caller disposes of the stream. May be called again.
    /// </summary>
    public Func<CancellationToken, Task<Stream?>>? OpenFileAsync { get; init; }
}
