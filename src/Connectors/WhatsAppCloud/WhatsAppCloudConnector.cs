using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>WhatsApp through Meta's Cloud API.</summary>
/// <remarks>One instance serves all accounts of all tenants, and remembers nothing.</remarks>
internal sealed class WhatsAppCloudConnector : IConnector
{
    private readonly WhatsAppCloudOutbound _outbound;

    public WhatsAppCloudConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        var api = new WhatsAppCloudApi(http, clock);
        Manifest = manifest;
        _outbound = new WhatsAppCloudOutbound(api, manifest.Limits.TextLength);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => WhatsAppCloudAuthenticity.IsProven(request, connection);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => WhatsAppCloudInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);
}
