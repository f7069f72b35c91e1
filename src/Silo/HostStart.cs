using System.Net.Sockets;
using Channels.Storage.Secrets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Channels.Silo;

/// <summary>The host's run, from its start to its end. What keeps it from starting is told in a sentence with its remedy, not as a stack trace.</summary>
internal sealed class HostStart
{
    private const string HostLog = "Microsoft.Extensions.Hosting.Internal.Host";

    private const string AnotherAddress = "another address, for example with ASPNETCORE_URLS=http://127.0.0.1:7071.";

    private volatile bool _begun;

    // A start that fails is told by us, or is an unhandled exception: the host's own error would be its stack trace once more.
    public HostStart(ILoggingBuilder logging) => logging.AddFilter(HostLog, level => level >= (_begun ? LogLevel.Warning : LogLevel.Critical));

    /// <summary>Runs it until it is stopped.</summary>
    /// <param name="app">Disposed in the end.</param>
    /// <param name="map">Gives it its endpoints. They ask for the keys.</param>
    /// <returns>What the process ends with: 0, or 1 when it could not start.</returns>
    public async Task<int> RunAsync(WebApplication app, Action<WebApplication> map)
    {
        await using var ending = app;
        try
        {
            map(app);
            await app.StartAsync();
        }
        catch (Exception failure) when (Said(failure, app) is { } said)
        {
            // What had started before still uses the store, and the log is to be written out: the last line says why.
            await app.StopAsync();
            await app.DisposeAsync();
            await Console.Error.WriteLineAsync($"Channels cannot start: {said}");
            return 1;
        }

        _begun = true;
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Null for what no operator can mend: a fault of our own keeps its stack trace.</summary>
    private static string? Said(Exception failure, WebApplication app) => failure switch
    {
        IOException { InnerException: AddressInUseException } => $"{failure.Message.TrimEnd('.')}. Stop what uses it, or name {AnotherAddress}",
        SocketException { SocketErrorCode: SocketError.AccessDenied or SocketError.AddressNotAvailable } => $"Cannot listen on {app.Configuration["urls"] ?? "the configured address"}: {failure.Message.TrimEnd('.')}. Name {AnotherAddress}",
        KeyException or OptionsValidationException => failure.Message,
        _ => null,
    };
}
