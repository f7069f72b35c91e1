using System.Net.Sockets;
using Channels.Core;
using Channels.Storage.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Channels.Api;

/// <summary>A host's run, from its start to its end. What keeps it from starting is told in a sentence with its remedy, not as a stack trace.</summary>
public sealed class HostStart
{
    private const string HostLog = "Microsoft.Extensions.Hosting.Internal.Host";

    private const string AnotherAddress = "another address, for example with ASPNETCORE_URLS=http://127.0.0.1:7071.";

    private const int Refused = 1;
    private const int Broken = 1;

    private volatile bool _begun;

    /// <summary>Takes the host's own error out of the log until it has started: a start that fails is told by us, or is an unhandled exception, and that would be its stack trace once more.</summary>
    /// <param name="logging">The host's, before it is built.</param>
    public HostStart(ILoggingBuilder logging) => logging.AddFilter(HostLog, level => level >= (_begun ? LogLevel.Warning : LogLevel.Critical));

    /// <summary>Runs a whole program. A setting that cannot be used ends it with a sentence, whoever finds it.</summary>
    /// <param name="program">Has disposed of what it opened when it throws.</param>
    /// <returns>What the process ends with: the program's own code, or 1 when a setting kept it from starting.</returns>
    public static async Task<int> RunAsync(Func<Task<int>> program)
    {
        try
        {
            return await program();
        }
        catch (SettingException failure)
        {
            return await RefuseAsync(failure.Message);
        }
    }

    /// <summary>Runs the host until it is stopped.</summary>
    /// <param name="app">Disposed in the end.</param>
    /// <param name="map">Gives it its endpoints. They ask for the keys, which are read, or made, before.</param>
    /// <returns>What the process ends with: 0 after a stop that was asked for; 1 when it could not start, or ended because work of its own broke, so that whoever watches it starts it again.</returns>
    public async Task<int> RunAsync(WebApplication app, Action<WebApplication> map)
    {
        await using var ending = app;
        var starting = false;
        try
        {
            CheckAddresses(app.Configuration["urls"]);
            await app.Services.GetRequiredService<KeysAtStart>().CheckAsync(CancellationToken.None);
            map(app);
            MakeAll(app.Services);
            starting = true;
            await app.StartAsync();
        }
        catch (Exception failure) when (Said(failure, app) is { } said)
        {
            // What had started before still uses the store, and the log is to be written out: the last line says why.
            if (starting)
            {
                await app.StopAsync();
            }

            await app.DisposeAsync();
            return await RefuseAsync(said);
        }

        _begun = true;
        // Asked when the stop begins: what ends in another way than it should afterwards was told to end.
        var broke = false;
        await using (app.Lifetime.ApplicationStopping.Register(() => broke = HasBroken(app.Services)))
        {
            await app.WaitForShutdownAsync();
        }

        return broke ? Broken : 0;
    }

    private static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync($"Channels cannot start: {why}");
        return Refused;
    }

    // Whatever runs is made before any of it starts, and reads its settings then: a host that could not make it cannot be stopped either.
    private static void MakeAll(IServiceProvider services)
    {
        services.GetService<IStartupValidator>()?.Validate();
        _ = services.GetServices<IHostedService>();
    }

    private static bool HasBroken(IServiceProvider services) =>
        services.GetServices<IHostedService>().OfType<BackgroundService>().Any(service => service.ExecuteTask is { IsCompleted: true, IsCompletedSuccessfully: false });

    // The server says "invalid URL" and not whose.
    private static void CheckAddresses(string? urls)
    {
        foreach (var address in (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                BindingAddress.Parse(address);
            }
            catch (FormatException unreadable)
            {
                throw new SettingException("ASPNETCORE_URLS", $"names '{address}', which is no address to listen on. It must be of the form http://127.0.0.1:7070.", unreadable);
            }
        }
    }

    /// <summary>Null for what no operator can mend: a fault of our own keeps its stack trace.</summary>
    private static string? Said(Exception failure, WebApplication app) => failure switch
    {
        IOException { InnerException: AddressInUseException } => $"{failure.Message.TrimEnd('.')}. Stop what uses it, or name {AnotherAddress}",
        SocketException { SocketErrorCode: SocketError.AccessDenied or SocketError.AddressNotAvailable } => $"Cannot listen on {app.Configuration["urls"] ?? "the configured address"}: {failure.Message.TrimEnd('.')}. Name {AnotherAddress}",
        KeyException or SettingException or OptionsValidationException or InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } => failure.Message,
        _ => null,
    };
}
