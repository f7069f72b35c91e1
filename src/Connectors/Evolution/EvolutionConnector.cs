using Channels.Connectors.Http;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>WhatsApp through a self-hosted Evolution API, versions 1.8 to 2.4.</summary>
/// <remarks>One instance serves all accounts of all tenants. The only thing it remembers is which gateways speak the old dialect.</remarks>
internal sealed class EvolutionConnector : IPairingConnector, ISentLookup, ITypingConnector, IGlobalWebhookConnector, IAddressing, IConnectionCheck, IHistoryConnector, IMediaFetch,
    IContentRules
{
    private readonly EvolutionOutbound _outbound;
    private readonly EvolutionProvisioning _provisioning;
    private readonly EvolutionSessions _sessions;
    private readonly EvolutionSentLookup _lookup;
    private readonly EvolutionTyping _typing;
    private readonly EvolutionConnectionCheck _check;
    private readonly EvolutionHistory _history;
    private readonly EvolutionMedia _media;

    public EvolutionConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        var gateway = new GatewayHttp(http, clock);
        var api = new EvolutionApi(gateway);
        Manifest = manifest;
        _outbound = new EvolutionOutbound(api, new EvolutionDialects(), manifest.Limits.TextLength);
        _sessions = new EvolutionSessions(api, clock);
        _provisioning = new EvolutionProvisioning(api, _sessions);
        _lookup = new EvolutionSentLookup(api);
        _typing = new EvolutionTyping(api);
        _check = new EvolutionConnectionCheck(api);
        _history = new EvolutionHistory(api);
        _media = new EvolutionMedia(gateway);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public string NamedIn => EvolutionInstanceName.Member;

    /// <inheritdoc/>
    public string NameSetting => EvolutionSettings.InstanceName;

    /// <inheritdoc/>
    public string AddressForm => WhatsAppAddress.Form;

    /// <inheritdoc/>
    public ChatAddress? AddressOf(string written) => WhatsAppAddress.Read(written);

    /// <inheritdoc/>
    public ContentRefusal? RefusalOf(string text, OutboundContent? content) => EvolutionOutbound.RefusalOf(text, content);

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
        _provisioning.ActivateAsync(connection, number: null, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The gateway replaces its codes every 45 s, with a webhook each time, thirty times.</remarks>
    public TimeSpan CodeLife { get; } = TimeSpan.FromSeconds(45);

    /// <inheritdoc/>
    public string GatewayOf(Connection connection) =>
        Uri.TryCreate(connection.Setting("base_url"), UriKind.Absolute, out var address) ? address.Authority : "";

    /// <inheritdoc/>
    public bool IsSameAccount(string identity, string ownId) => WhatsAppNumber.IsSame(identity, ownId);

    /// <inheritdoc/>
    public Task<ActivationOutcome> PairAsync(Connection connection, string? number, CancellationToken cancellationToken) =>
        _provisioning.ActivateAsync(connection, number, cancellationToken);

    /// <inheritdoc/>
    public Task<SessionReading> ReadSessionAsync(Connection connection, bool identify, CancellationToken cancellationToken) =>
        _sessions.ReadAsync(connection, identify, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome> RestartAsync(Connection connection, bool isIdle, CancellationToken cancellationToken) =>
        _sessions.RestartAsync(connection, isIdle, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken) => _sessions.LogOutAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken) => _sessions.RemoveAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<SentLookupOutcome> FindSentAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken) =>
        _lookup.FindAsync(connection, message, since, known, cancellationToken);

    /// <inheritdoc/>
    public Task<HistoryOutcome> ReadHistoryAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken) =>
        _history.ReadAsync(connection, cursor, most, cancellationToken);

    /// <inheritdoc/>
    public bool MustFetch(MediaReference media) => media is { MessageKey.Length: > 0 } or { Url.Length: > 0, Bytes: null };

    /// <inheritdoc/>
    /// <remarks>The gateway gets all of it from WhatsApp, or has the phone put it there again, before it says anything.</remarks>
    public TimeSpan FirstByteWithin => EvolutionMedia.Limit;

    /// <inheritdoc/>
    public Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken) =>
        _media.FetchAsync(connection, media, destination, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken) => _check.CheckAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken) =>
        _typing.ShowAsync(connection, chatId, duration, cancellationToken);
}
