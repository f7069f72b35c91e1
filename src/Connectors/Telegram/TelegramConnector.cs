using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Telegram through its Bot API, up to version 10.1.</summary>
/// <remarks>One instance serves all bots of all tenants and remembers nothing about any.</remarks>
internal sealed class TelegramConnector(ChannelManifest manifest) : IConnector
{
    /// <inheritdoc/>
    public ChannelManifest Manifest { get; } = manifest;

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => TelegramAuthenticity.IsProven(request, connection.WebhookSecret);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => TelegramInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();
}
