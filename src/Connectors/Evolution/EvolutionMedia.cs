using System.Collections.Immutable;
using System.Net;
using Channels.Connectors.Http;
using Channels.Connectors.Json;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Evolution;

/// <summary>Fetches files that people sent. WhatsApp has them encrypted: the gateway opens them, if it has kept the message, or has put them into its operator's bucket.</summary>
internal sealed class EvolutionMedia(GatewayHttp http)
{
    /// <summary>For one file, from asking for it to its last byte.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(100);

    private static readonly TimeSpan _again = TimeSpan.FromSeconds(10);

    public async Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
    {
        if (EvolutionSettings.Read(connection) is not { } settings)
        {
            return new MediaFetchOutcome.Gone("the settings are incomplete");
        }

        var (asked, isRefused) = media.MessageKey is { Length: > 0 } key
            ? await AskAsync(settings, key, destination, cancellationToken)
            : (new MediaFetchOutcome.Gone("the message had no id to ask the gateway for its file by"), true);
        if (!isRefused || !Uri.TryCreate(media.Url, UriKind.Absolute, out var bucket) || bucket.Scheme is not ("http" or "https"))
        {
            return asked;
        }

        // What the gateway may have later is not given up because its bucket has it no more.
        var got = await GetAsync(bucket, destination, cancellationToken);
        return got is MediaFetchOutcome.Gone && asked is MediaFetchOutcome.TryLater ? asked : got;
    }

    // Refused: in words, and without a byte of a file.
    private async Task<(MediaFetchOutcome Outcome, bool IsRefused)> AskAsync(EvolutionSettings settings, string message, Stream destination, CancellationToken cancellationToken)
    {
        await using var file = new EvolutionFile(destination);
        return await http.DownloadAsync(
            settings.CallTo("chat/getBase64FromMediaMessage"), HeadersOf(settings), file, Limit, cancellationToken, EvolutionPayloads.FileOf(message)) switch
        {
            GatewayReply.Answered { Status: >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices } => file.IsWhole
                ? (new MediaFetchOutcome.Fetched(), false)
                : (new MediaFetchOutcome.TryLater(_again, "the gateway's answer holds no whole file"), false),
            GatewayReply.Answered answered => (Refused(answered), true),
            GatewayReply.Silence silence => (new MediaFetchOutcome.TryLater(_again, silence.Trouble), false),
            var other => throw new InvalidOperationException($"A reply nobody knows: {other.GetType().Name}"),
        };
    }

    // Whatever goes wrong there is 400: what the gateway will never have, and what WhatsApp did not give it this time.
    private static MediaFetchOutcome Refused(GatewayReply.Answered answered)
    {
        using var body = JsonBody.TryRead(answered.Body, out _);
        var words = EvolutionErrors.WordsOf(body?.RootElement ?? default);

        // Old versions post a message before they keep it, and all of them those of a pairing.
        return Has(words, "Message not found") ? new MediaFetchOutcome.TryLater(_again, "the gateway has not kept the message (DATABASE_SAVE_DATA_NEW_MESSAGE)")
            : Has(words, "not of the media type") || Has(words, "supported media type") || Has(words, "is messageContextInfo")
                ? new MediaFetchOutcome.Gone("the gateway finds no file in the message")
            : Has(words, "(reading 'includes')") ? new MediaFetchOutcome.Gone("an instance of Meta's Cloud API gives files through the gateway's bucket only")
            : new MediaFetchOutcome.TryLater(answered.RetryAfter ?? _again, $"the gateway answers {(int)answered.Status}");
    }

    // A link that opens for who has it: the gateway's key is nobody else's.
    private async Task<MediaFetchOutcome> GetAsync(Uri bucket, Stream destination, CancellationToken cancellationToken) =>
        await http.DownloadAsync(bucket, [], destination, Limit, cancellationToken) switch
        {
            GatewayReply.Answered { Status: >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices } => new MediaFetchOutcome.Fetched(),
            GatewayReply.Answered { Status: HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden } =>
                new MediaFetchOutcome.Gone("the gateway's bucket does not have the file any more"),
            GatewayReply.Answered answered => new MediaFetchOutcome.TryLater(answered.RetryAfter ?? _again, $"the gateway's bucket answers {(int)answered.Status}"),
            GatewayReply.Silence silence => new MediaFetchOutcome.TryLater(_again, silence.Trouble),
            var other => throw new InvalidOperationException($"A reply nobody knows: {other.GetType().Name}"),
        };

    private static ImmutableArray<(string Name, string Value)> HeadersOf(EvolutionSettings settings) => [(EvolutionApi.KeyHeader, settings.ApiKey)];

    private static bool Has(string words, string phrase) => words.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
