using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Channels.Silo;

/// <summary>What holds unless the configuration says otherwise.</summary>
internal static class Defaults
{
    private const string Address = "http://127.0.0.1:7070";

    /// <summary>The address we listen on, how long a stop may take, what the console shows.</summary>
    public static void UseChannelsDefaults(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().FirstOrDefault() is null)
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
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
    }

    /// <summary>The first address the server really listens on.</summary>
    public static string ListeningOn(this IServiceProvider services) =>
        services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? Address;
}
