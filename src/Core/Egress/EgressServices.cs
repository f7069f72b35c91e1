using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace Channels.Core.Egress;

/// <summary>Registers HTTP clients that may not reach into our own network.</summary>
public static class EgressServices
{
    private const string Setting = "Channels:Egress:Allow";
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(5);

    /// <summary>Reads <c>Channels:Egress:Allow</c>. Unset and without a connection string (the embedded default), loopback is allowed; else nothing is.</summary>
    public static IServiceCollection AddEgressRules(this IServiceCollection services, IConfiguration configuration)
    {
        var rules = new EgressRules(Allowed(configuration));
        return services.AddSingleton(rules).AddSingleton(new EgressCheck(rules, Dns.GetHostAddressesAsync));
    }

    /// <summary>Makes a named client safe for URLs that tenants give us: guarded at connect time, no redirects, no proxy, no cookies, no request logs (URLs hold tokens).</summary>
    /// <remarks>Whoever else configures the same client, and when, does not matter: the guard is put in last.</remarks>
    public static IHttpClientBuilder AddGuardedHttpClient(this IServiceCollection services, string name)
    {
        services.AddOptions<HttpClientFactoryOptions>(name).PostConfigure<EgressRules>((options, rules) =>
        {
            options.HandlerLifetime = Timeout.InfiniteTimeSpan;
            options.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = Handler(rules, Dns.GetHostAddressesAsync));
        });
        return services.AddHttpClient(name).RemoveAllLoggers();
    }

    internal static SocketsHttpHandler Handler(EgressRules rules, Func<string, CancellationToken, Task<IPAddress[]>> resolve) => new()
    {
        // A redirect would carry the tenant's credentials to a host nobody named; a proxy would connect for us, unchecked.
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,

        // Not Brotli: .NET's decoder takes what is cut off for an empty answer, and an agent's empty answer means something.
        AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
        ConnectTimeout = _connectLimit,
        // Names are looked up again this often, so that a moved gateway is found without a restart.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = new GuardedConnector(rules, resolve, _connectLimit).ConnectAsync,
    };

    private static IEnumerable<IPNetwork> Allowed(IConfiguration configuration)
    {
        var section = configuration.GetSection(Setting);
        var listed = section.GetChildren().Select(child => child.Value).Append(section.Value).OfType<string>().ToArray();
        if (listed.Length == 0)
        {
            return string.IsNullOrEmpty(configuration.GetConnectionString("Channels")) ? EgressRules.Loopback : [];
        }

        return listed
            .SelectMany(text => text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Select(Parsed);
    }

    private static IPNetwork Parsed(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
        : throw new SettingException(Setting, $"names '{text}', which is no network. Write CIDR, such as 10.20.0.0/16 or fd00:1::/64.");
}
