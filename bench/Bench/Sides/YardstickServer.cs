using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Channels.Bench.Sides;

/// <summary>What the yardsticks have in common: the smallest Kestrel there is, in a process of its own, started like the product and stopped like it.</summary>
internal static class YardstickServer
{
    private static readonly byte[] _answer = "{}"u8.ToArray();

    /// <summary>Serves until told to stop.</summary>
    public static async Task RunAsync(int port, RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(answer);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stopped.TrySetResult();
        });
        await app.StartAsync();
        Console.WriteLine($"ready {app.Urls.Single()}");
        await stopped.Task;
        await app.StopAsync();
    }

    /// <summary>The answer the product gives.</summary>
    public static Task AnswerAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = _answer.Length;
        return http.Response.Body.WriteAsync(_answer, 0, _answer.Length);
    }

    /// <summary>Starts this program as a process of its own, to be one.</summary>
    public static async Task<(OwnProcess Process, Uri Address)> StartAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        // Not the process' own path: started as "dotnet Channels.Bench.dll" that is dotnet.
        var program = Path.ChangeExtension(typeof(YardstickServer).Assembly.Location, null);
        var (process, address) = await OwnProcess.StartAsync(program, arguments, environment, "ready ", cancellationToken);
        return (process, new Uri(address));
    }
}
