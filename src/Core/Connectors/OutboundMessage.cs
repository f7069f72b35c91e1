using Channels.Core.Ids;

namespace Channels.Core.Connectors;

/// <summary>One message on its way out, as the provider's sender gets it.</summary>
/// <param name="Id">Ours; stays the same over all attempts, so that providers with idempotency keys can use it.</param>
/// <param name="ChatId">The chat in the provider's canonical form.</param>
/// <param name="Text">What to say.</param>
/// <param name="ReplyTo">Provider id of the message it answers, where known.</param>
public sealed record OutboundMessage(MessageId Id, string ChatId, string Text, string? ReplyTo = null);
