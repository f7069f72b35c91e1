using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>WhatsApp through a self-hosted Evolution API, versions 1.8 to 2.4.</summary>
/// <remarks>One instance serves all accounts of all tenants. The only thing it remembers is which gateways speak the old dialect.</remarks>
internal sealed class EvolutionConnector : IProvisioningConnector, ISentLookup, IGlobalWebhookConnector
{
    private readonly EvolutionOutbound _outbound;
    private readonly EvolutionProvisioning _provisioning;
    private readonly EvolutionSentLookup _lookup;

    public EvolutionConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        var api = new EvolutionApi(http, clock);
        Manifest = manifest;
        _outbound = new EvolutionOutbound(api, new EvolutionDialects(), manifest.Limits.TextLength);
        _provisioning = new EvolutionProvisioning(api);
        _lookup = new EvolutionSentLookup(api);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public string NamedIn => EvolutionInstanceName.Member;

    /// <inheritdoc/>
    public string NameSetting => EvolutionSettings.InstanceName;

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) =>
        EvolutionAuthenticity.IsProven(request, connection.WebhookSecret, now);

    /// <inheritdoc/>
    public string? NameIn(ReadOnlyMemory<byte> body) => EvolutionInstanceName.Find(body.Span);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => EvolutionInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken) =>
        _provisioning.ActivateAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<SentLookupOutcome> FindSentAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken) =>
        _lookup.FindAsync(connection, message, since, known, cancellationToken);
}
