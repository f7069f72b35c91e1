using System.Net;
using Channels.Connectors.Http;
using Channels.Core.Connectors;
using Channels.Core.Events;

namespace Channels.Connectors.Waha;

/// <summary>Fetches files that people sent from the server, which keeps them for three minutes unless told otherwise, or from its operator's bucket.</summary>
internal sealed class WahaMedia(GatewayHttp http)
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan _again = TimeSpan.FromSeconds(10);

    public async Task<MediaFetchOutcome> FetchAsync(Connection connection, MediaReference media, Stream destination, CancellationToken cancellationToken)
    {
        if (WahaSettings.Read(connection) is not { } settings || !Uri.TryCreate(media.Url, UriKind.Absolute, out var named) || named.Scheme is not ("http" or "https"))
        {
            return new MediaFetchOutcome.Gone("the settings are incomplete, or the server gave no address for the file");
        }

        // The key goes to the server alone, whatever a webhook names. A server that knows itself as localhost is reached where the channel reaches it.
        var isServers = media.Auth is not null;
        var address = isServers ? AtServer(settings, named) : named;
        return await http.DownloadAsync(address, isServers ? settings.Headers : [], destination, _limit, cancellationToken) switch
        {
            GatewayReply.Answered { Status: >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices } => new MediaFetchOutcome.Fetched(),
            GatewayReply.Answered { Status: HttpStatusCode.NotFound or HttpStatusCode.Gone } => new MediaFetchOutcome.Gone("the server does not have the file any more"),
            GatewayReply.Answered answered => new MediaFetchOutcome.TryLater(answered.RetryAfter ?? _again, $"the server answers {(int)answered.Status}"),
            GatewayReply.Silence silence => new MediaFetchOutcome.TryLater(_again, silence.Trouble),
            var other => throw new InvalidOperationException($"A reply nobody knows: {other.GetType().Name}"),
        };
    }

    // A server below a path names it or not, as its own settings have it: it must not stand there twice.
    private static Uri AtServer(WahaSettings settings, Uri named)
    {
        var below = $"{new Uri(settings.BaseUrl).AbsolutePath.TrimEnd('/')}/";
        var path = named.PathAndQuery.StartsWith(below, StringComparison.Ordinal) ? named.PathAndQuery[(below.Length - 1)..] : named.PathAndQuery;
        return new Uri($"{settings.BaseUrl}{path}");
    }
}
