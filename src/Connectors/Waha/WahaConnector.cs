using Channels.Connectors.Http;
using Channels.Connectors.Json;
using Channels.Connectors.WhatsApp;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>WhatsApp through a self-hosted WAHA, builds of 2024 to 2026, engines NOWEB, GOWS, WEBJS and WPP.</summary>
/// <remarks>One instance serves all accounts of all tenants. It remembers which servers take our message ids, and codes that somebody is typing.</remarks>
internal sealed class WahaConnector : IPairingConnector, ISentLookup, ITypingConnector, IGlobalWebhookConnector, IAddressing, IConnectionCheck, IHistoryConnector, IMediaFetch,
    IContentRules
{
    private readonly WahaOutbound _outbound;
    private readonly WahaProvisioning _provisioning;
    private readonly WahaSessions _sessions;
    private readonly WahaSentLookup _lookup;
    private readonly WahaTyping _typing;
    private readonly WahaCheck _check;
    private readonly WahaHistory _history;
    private readonly WahaMedia _media;

    public WahaConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        var calls = new GatewayHttp(http, clock);
        var api = new WahaApi(calls);
        Manifest = manifest;
        var versions = new WahaVersions(api, clock);
        _outbound = new WahaOutbound(api, versions, manifest.Limits.TextLength);
        _sessions = new WahaSessions(api, new WahaCodes(api, clock), versions, clock);
        _provisioning = new WahaProvisioning(api, _sessions);
        _lookup = new WahaSentLookup(api);
        _typing = new WahaTyping(api, clock);
        _check = new WahaCheck(api);
        _history = new WahaHistory(api);
        _media = new WahaMedia(calls);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public ContentRefusal? RefusalOf(string text, OutboundContent? content) => WahaContents.RefusalOf(text, content);

    /// <inheritdoc/>
    public string NamedIn => WahaEnvelope.SessionMember;

    /// <inheritdoc/>
    public string NameSetting => WahaSettings.SessionName;

    /// <inheritdoc/>
    public string AddressForm => WhatsAppAddress.Form;

    /// <inheritdoc/>
    public ChatAddress? AddressOf(string written) => WhatsAppAddress.Read(written);

    /// <inheritdoc/>
    /// <remarks>WhatsApp gives the first code 60 seconds and every other one 20; each replacement is told by webhook.</remarks>
    public TimeSpan CodeLife { get; } = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public bool MustFetch(MediaReference media) => media.Url is { Length: > 0 };

    /// <inheritdoc/>
    public Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken) =>
        _media.FetchAsync(connection, media, destination, cancellationToken);

    /// <inheritdoc/>
    public Task<HistoryOutcome> ReadHistoryAsync(Connection connection, string? cursor, int most, CancellationToken cancellationToken) =>
        _history.ReadAsync(connection, cursor, most, cancellationToken);

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => WahaAuthenticity.IsProven(request, connection.WebhookSecret);

    /// <inheritdoc/>
    public string? NameIn(ReadOnlyMemory<byte> body) => JsonName.Find(body.Span, WahaEnvelope.SessionMember);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => WahaInbound.Normalise(webhook);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken) =>
        _provisioning.ActivateAsync(connection, number: null, cancellationToken);

    /// <inheritdoc/>
    public string GatewayOf(Connection connection) =>
        Uri.TryCreate(connection.Setting("base_url"), UriKind.Absolute, out var address) ? address.Authority : "";

    /// <inheritdoc/>
    public bool IsSameAccount(string identity, string ownId) => WhatsAppNumber.IsSame(identity, ownId);

    /// <inheritdoc/>
    public Task<ActivationOutcome> PairAsync(Connection connection, string? number, CancellationToken cancellationToken) =>
        _provisioning.ActivateAsync(connection, number, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Who is paired stands in the same answer: identifying costs no further call.</remarks>
    public Task<SessionReading> ReadSessionAsync(Connection connection, bool identify, CancellationToken cancellationToken) => _sessions.ReadAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome> RestartAsync(Connection connection, bool isIdle, CancellationToken cancellationToken) => _sessions.RestartAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome?> LogOutAsync(Connection connection, CancellationToken cancellationToken) => _sessions.LogOutAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome?> RemoveAsync(Connection connection, CancellationToken cancellationToken) => _sessions.RemoveAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<SentLookupOutcome> FindSentAsync(
        Connection connection, OutboundMessage message, DateTimeOffset since, IReadOnlySet<string> known, CancellationToken cancellationToken) =>
        _lookup.FindAsync(connection, message, since, known, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken) => _check.CheckAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken) =>
        _typing.ShowAsync(connection, chatId, duration, cancellationToken);
}
