using System.Net;
using Channels.Core.Connectors;
using Microsoft.Extensions.DependencyInjection;

namespace Channels.Connectors;

/// <summary>The one HTTP client through which connectors reach providers. The host adds its guard against private addresses to the same name.</summary>
public static class ProviderHttp
{
    /// <summary>Name of the client for <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "provider";

    /// <summary>How we introduce ourselves; some gateways and their proxies refuse clients without a name.</summary>
    public static string UserAgent { get; } = $"Channels/{typeof(IConnector).Assembly.GetName().Version?.ToString(3) ?? "0"}";

    /// <summary>A page of a gateway's history fits; an endless answer does not fill our memory.</summary>
    internal const int LargestAnswer = 8 * 1024 * 1024;

    internal static void Add(IServiceCollection services) => services
        .AddHttpClient(ClientName, client =>
        {
            // Every call carries its own limit, so that a caller can tell a time-out from a shutdown.
            client.Timeout = Timeout.InfiniteTimeSpan;
            client.MaxResponseContentBufferSize = LargestAnswer;
            client.DefaultRequestHeaders.UserAgent.ParseAdd(UserAgent);
        })
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            // A redirect could lead anywhere, with the key in its headers.
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
            ConnectTimeout = TimeSpan.FromSeconds(5),

            // Names of gateways move; two minutes is how stale an address may be.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        })

        // The factory's own logging writes addresses and headers.
        .RemoveAllLoggers();
}
