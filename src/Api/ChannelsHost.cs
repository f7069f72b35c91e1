using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.Api;

/// <summary>What holds of a host's process, the one of everything as well as a cluster's front end, unless the configuration says otherwise.</summary>
public static class ChannelsHost
{
    internal const string Address = "http://127.0.0.1:7070";

    private static readonly string[] _addresses = ["urls", "http_ports", "https_ports"];

    /// <summary>Settings lie beside the program, data where it was started.</summary>
    /// <param name="arguments">The command line.</param>
    public static WebApplicationOptions Options(string[] arguments) => new() { Args = arguments, ContentRootPath = AppContext.BaseDirectory };

    /// <summary>The address we listen on, how long a stop may take, what the console shows.</summary>
    /// <param name="builder">The host's.</param>
    public static void UseChannelsDefaults(this WebApplicationBuilder builder)
    {
        if (_addresses.All(setting => string.IsNullOrEmpty(builder.Configuration[setting])) && builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().FirstOrDefault() is null)
        {
            builder.WebHost.UseUrls(Address);
        }

        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(45));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.UseUtcTimestamp = true;
        });
    }

    /// <summary>The first address the server really listens on.</summary>
    /// <param name="services">The host's.</param>
    public static string ListeningOn(this IServiceProvider services) =>
        services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? Address;
}
