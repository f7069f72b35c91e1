using System.Security.Cryptography;
using System.Text;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Simulator;

/// <summary>A channel without a provider: whoever knows the webhook secret is the contact, and every reply is taken at once.</summary>
/// <remarks>For trying an agent out and for measuring the product alone.</remarks>
internal sealed class SimulatorConnector(ChannelManifest manifest) : IConnector
{
    private const string SecretHeader = "X-Channels-Secret";

    /// <inheritdoc/>
    public ChannelManifest Manifest => manifest;

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) =>
        connection.WebhookSecret.Length > 0 && request.Header(SecretHeader) is { } presented
        && CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(presented)), SHA256.HashData(Encoding.UTF8.GetBytes(connection.WebhookSecret)));

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => SimulatorInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        Task.FromResult<SendOutcome>(new SendOutcome.Accepted($"sim-{message.Id}"));
}
