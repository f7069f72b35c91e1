namespace Channels.Core.Connectors;

/// <summary>A webhook as it stands at the door: enough to prove where it came from.</summary>
/// <param name="Path">What follows <c>/webhooks/{kind}/{channel_id}</c>, or the address for all channels of a kind, without a leading slash; empty when nothing does.</param>
/// <param name="Query">The raw query string, without the question mark.</param>
/// <param name="Header">Looks a header up by name, without regard to case; null when absent.</param>
/// <param name="Body">The raw bytes, as signed.</param>
public readonly record struct WebhookRequest(string Path, string Query, Func<string, string?> Header, ReadOnlyMemory<byte> Body);

/// <summary>A webhook as it was stored: what a parser gets.</summary>
/// <param name="Body">The raw bytes.</param>
/// <param name="Path">The sub-path it came to; some gateways put the event's name there.</param>
/// <param name="Channel">Whose it is, for providers whose bodies do not say; null where nobody is known, as for a sample.</param>
public readonly record struct WebhookBody(ReadOnlyMemory<byte> Body, string Path = "", Connection? Channel = null);
