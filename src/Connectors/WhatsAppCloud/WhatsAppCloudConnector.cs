using System.Collections.Immutable;
using System.Web;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.WhatsAppCloud;

/// <summary>WhatsApp through Meta's Cloud API.</summary>
/// <remarks>One instance serves all accounts of all tenants, and remembers nothing.</remarks>
internal sealed class WhatsAppCloudConnector
    : ISharedWebhookConnector, IWebhookHandshake, IProvisioningConnector, IConnectionCheck, IMediaFetch, IReplyTypingConnector, IAddressing, IThrottlingConnector, IHealthWatch,
        IContentRules
{
    private readonly WhatsAppCloudApi _api;
    private readonly WhatsAppCloudOutbound _outbound;
    private readonly WhatsAppCloudProvisioning _provisioning;
    private readonly WhatsAppCloudMedia _media;
    private readonly WhatsAppCloudHealth _health;

    public WhatsAppCloudConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        Manifest = manifest;
        _api = new WhatsAppCloudApi(http, clock);
        _media = new WhatsAppCloudMedia(_api);
        _outbound = new WhatsAppCloudOutbound(_api, _media, manifest.Limits.TextLength);
        _provisioning = new WhatsAppCloudProvisioning(_api);
        _health = new WhatsAppCloudHealth(_api);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public ContentRefusal? RefusalOf(string text, OutboundContent? content) => _outbound.RefusalOf(text, content);

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

    /// <inheritdoc/>
    public Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken) => _provisioning.ActivateAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken) => _provisioning.CheckAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<HealthReading> ReadHealthAsync(Connection connection, CancellationToken cancellationToken) => _health.ReadAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public ThrottleWish WishOf(ChannelEvent happened) => WhatsAppCloudErrors.WishOf(happened.ReasonCode);

    /// <inheritdoc/>
    public bool MustFetch(MediaReference media) => media.Id is not null;

    /// <inheritdoc/>
    public Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken) =>
        _media.FetchAsync(connection, media, destination, cancellationToken);

    /// <inheritdoc/>
    public string AddressForm => "a phone number with its country code (+351 900 000 001), or a WhatsApp user id (PT.1349…)";

    /// <inheritdoc/>
    public ChatAddress? AddressOf(string written) =>
        WhatsAppCloudValues.IsUserId(written) ? new(written)
        : WhatsAppAddress.DigitsOf(written) is { } digits ? new(digits, Phone: digits)
        : null;

    /// <inheritdoc/>
    public async Task ShowTypingAsync(Connection connection, string messageId, CancellationToken cancellationToken)
    {
        if (WhatsAppCloudSettings.Read(connection) is { } settings)
        {
            using var answer = await _api.CallAsync(
                settings, HttpMethod.Post, settings.CallTo(settings.PhoneNumberId, "messages"), WhatsAppCloudPayloads.MarkRead(messageId, typing: true), settings.SendTimeout, cancellationToken);
        }
    }
}
