using Channels.Core;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;

namespace Channels.Api;

/// <summary>Finds the URL under which others reach us: <c>Channels:PublicUrl</c>, else the first address we listen on.</summary>
internal sealed class PublicUrl(IConfiguration configuration, IServer? server)
{
    private const string Setting = "Channels:PublicUrl";
    private readonly Uri? _configured = Configured(configuration[Setting]);

    /// <summary>As of now: before the server has started, what it is configured to listen on.</summary>
    public Uri Current()
    {
        if (_configured is not null)
        {
            return _configured;
        }

        var listening = server?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? configuration["urls"]?.Split(';')[0] ?? ChannelsHost.Address;

        // Listening everywhere is no address to be reached at.
        foreach (var everywhere in new[] { "://+", "://*", "://0.0.0.0", "://[::]" })
        {
            listening = listening.Replace(everywhere, "://127.0.0.1", StringComparison.Ordinal);
        }

        return Uri.TryCreate(listening, UriKind.Absolute, out var address) ? address : new Uri(ChannelsHost.Address);
    }

    private static Uri? Configured(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new SettingException(Setting, $"is '{text}', but must be an absolute http or https URL, such as https://channels.example.com.");
    }
}
