using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Samples.SmsGate;

/// <summary>A channel kind that is none of the product's own: an SMS gateway that posts <c>{id, from, text, sent_at}</c> with our secret in <c>X-Gate-Secret</c>.</summary>
/// <remarks>Named in <c>Channels:RegistryModules</c>; see <c>docs/external-kinds.md</c>.</remarks>
public sealed class SmsGateConnector(ChannelManifest manifest, IHttpClientFactory http) : IConnector
{
    private const string SecretHeader = "X-Gate-Secret";
    private readonly SmsGateOutbound _outbound = new(http);

    /// <inheritdoc/>
    public ChannelManifest Manifest => manifest;

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) =>
        connection.WebhookSecret.Length > 0 && request.Header(SecretHeader) is { Length: > 0 } shown
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(shown), Encoding.UTF8.GetBytes(connection.WebhookSecret));

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => SmsGateInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);
}
