using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Telegram;

/// <summary>Telegram through its Bot API, up to version 10.2.</summary>
/// <remarks>One instance serves all bots of all tenants and remembers nothing about any.</remarks>
internal sealed class TelegramConnector : IProvisioningConnector, IPollingConnector, IWebhookWatch, IConnectionCheck, IAddressing, ITypingConnector, IPacedConnector, IWebhookAnswer, IMediaFetch,
    ISequencedUpdates, IContentRules
{
    // "About one a second to a chat, twenty a minute to a group", say Telegram's own limits. In a minute a group gets its burst and 17 more.
    private static readonly ChatPace _chat = new(1, 1);
    private static readonly ChatPace _group = new(17.0 / 60, 3);

    private readonly TelegramOutbound _outbound;
    private readonly TelegramTyping _typing;
    private readonly TelegramProvisioning _provisioning;
    private readonly TelegramWebhookWatch _watch;
    private readonly TelegramPolling _polling;
    private readonly TelegramFiles _files;

    public TelegramConnector(ChannelManifest manifest, IHttpClientFactory http, TimeProvider clock)
    {
        var api = new TelegramApi(http, clock);
        Manifest = manifest;
        _outbound = new TelegramOutbound(api, manifest.Limits.TextLength);
        _typing = new TelegramTyping(api);
        _provisioning = new TelegramProvisioning(api);
        _watch = new TelegramWebhookWatch(api);
        _polling = new TelegramPolling(api);
        _files = new TelegramFiles(api);
    }

    /// <inheritdoc/>
    public ChannelManifest Manifest { get; }

    /// <inheritdoc/>
    public ContentRefusal? RefusalOf(string text, OutboundContent? content) => TelegramContents.RefusalOf(text, content);

    /// <inheritdoc/>
    public bool IsAuthentic(WebhookRequest request, Connection connection, DateTimeOffset now) => TelegramAuthenticity.IsProven(request, connection.WebhookSecret);

    /// <inheritdoc/>
    public Normalised Normalise(WebhookBody webhook) => TelegramInbound.Normalise(webhook);

    /// <inheritdoc/>
    public byte[]? AnswerTo(ReadOnlyMemory<byte> body) => TelegramButtonReader.AnswerTo(body);

    /// <inheritdoc/>
    public Task<SendOutcome> SendAsync(Connection connection, OutboundMessage message, CancellationToken cancellationToken) =>
        _outbound.SendAsync(connection, message, cancellationToken);

    /// <inheritdoc/>
    public Task<ActivationOutcome> ActivateAsync(Connection connection, CancellationToken cancellationToken) => _provisioning.ActivateAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<ConnectionCheck> CheckAsync(Connection connection, CancellationToken cancellationToken) => _provisioning.CheckAsync(connection, cancellationToken);

    /// <inheritdoc/>
    public Task<WebhookReading> ReadWebhookAsync(Connection connection, DateTimeOffset now, CancellationToken cancellationToken) =>
        _watch.ReadAsync(connection, now, cancellationToken);

    /// <inheritdoc/>
    public long? NumberOf(ChannelEvent happened) => happened.Details.GetValueOrDefault("update_id") as long?;

    /// <inheritdoc/>
    public TimeSpan LongestWait => TelegramPolling.Wait;

    /// <inheritdoc/>
    public bool IsPolled(Connection connection) => TelegramSettings.Read(connection) is { Polls: true };

    /// <inheritdoc/>
    public Task<PollOutcome> PollAsync(Connection connection, string? cursor, CancellationToken cancellationToken) => _polling.PollAsync(connection, cursor, cancellationToken);

    /// <inheritdoc/>
    public bool MustFetch(MediaReference media) => TelegramFiles.MustFetch(media);

    /// <inheritdoc/>
    public Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken) =>
        _files.FetchAsync(connection, media, destination, cancellationToken);

    /// <inheritdoc/>
    public string AddressForm => TelegramChats.Form;

    /// <inheritdoc/>
    public ChatAddress? AddressOf(string written) => TelegramChats.Read(written);

    /// <inheritdoc/>
    public ChatPace PaceOf(string chatId) => TelegramAddress.Parse(chatId).IsGroup ? _group : _chat;

    /// <inheritdoc/>
    public Task ShowTypingAsync(Connection connection, string chatId, TimeSpan duration, CancellationToken cancellationToken) =>
        _typing.ShowAsync(connection, chatId, cancellationToken);
}
