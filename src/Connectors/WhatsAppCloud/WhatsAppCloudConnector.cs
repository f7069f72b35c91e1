using System.Collections.Immutable;
using System.Web;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>WhatsApp through Meta's Cloud API.</summary>
/// <remarks>One instance serves all accounts of all tenants, and remembers nothing.</remarks>
internal sealed class WhatsAppCloudConnector : ISharedWebhookConnector, IWebhookHandshake
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
    public ImmutableArray<WebhookPart> PartsOf(ReadOnlyMemory<byte> body) => WhatsAppCloudParts.Of(body);

    /// <inheritdoc/>
    public string ProofGroupOf(Connection connection) => string.Join('\n', WhatsAppCloudSettings.AppSecretsOf(connection));

    /// <inheritdoc/>
    public string ProofOf(ReadOnlyMemory<byte> part, WebhookRequest whole, Connection proven) => WhatsAppCloudAuthenticity.Sign(part, whole, proven);

    /// <inheritdoc/>
    public WebhookRequest WithProof(ReadOnlyMemory<byte> part, string proof) =>
        new("", "", name => name.Equals(WhatsAppCloudAuthenticity.SignatureHeader, StringComparison.OrdinalIgnoreCase) ? proof : null, part);

    /// <inheritdoc/>
    public WebhookQuestion? QuestionIn(string query)
    {
        var asked = HttpUtility.ParseQueryString(query);
        return asked["hub.mode"] == "subscribe" && asked["hub.verify_token"] is { Length: > 0 } token && asked["hub.challenge"] is { Length: > 0 and <= 1024 } challenge
            ? new(token, challenge)
            : null;
    }

    /// <inheritdoc/>
    public string HandshakeTokenOf(Connection connection) => WhatsAppCloudSettings.VerifyTokenOf(connection);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => WhatsAppCloudInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);
}
