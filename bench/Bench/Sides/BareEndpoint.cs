using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Channels.Bench.Sides;

/// <summary>The yardstick: a bare Kestrel endpoint in a process of its own that reads the body and answers 200, and nothing else.</summary>
internal static class BareEndpoint
{
    /// <summary>Serves until told to stop.</summary>
    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var answer = "{}"u8.ToArray();
        app.Run(async http =>
        {
            var reader = http.Request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync();
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            http.Response.ContentType = "application/json";
            http.Response.ContentLength = answer.Length;
            await http.Response.Body.WriteAsync(answer);
        });
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stopped.TrySetResult();
        });
        await app.StartAsync();
        Console.WriteLine($"ready {app.Urls.Single()}");
        await stopped.Task;
        await app.StopAsync();
    }

    /// <summary>Starts it as a process of its own.</summary>
    public static async Task<(OwnProcess Process, Uri Address)> StartAsync(CancellationToken cancellationToken)
    {
        var (process, address) = await OwnProcess.StartAsync(Environment.ProcessPath!, ["bare", "--port", "0"], Builds.Plain, "ready ", cancellationToken);
        return (process, new Uri(address));
    }
}
