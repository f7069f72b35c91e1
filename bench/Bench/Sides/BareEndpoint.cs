using Microsoft.AspNetCore.Http;

namespace Channels.Bench.Sides;

/// <summary>The yardstick: a bare Kestrel endpoint in a process of its own that reads the body and answers 200, and nothing else.</summary>
internal static class BareEndpoint
{
    public const string Command = "bare";

    /// <summary>Serves until told to stop.</summary>
    public static Task RunAsync(int port) => YardstickServer.RunAsync(port, async http =>
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

        await YardstickServer.AnswerAsync(http);
    });

    /// <summary>Starts it as a process of its own.</summary>
    public static Task<(OwnProcess Process, Uri Address)> StartAsync(CancellationToken cancellationToken) =>
        YardstickServer.StartAsync([Command, "--port", "0"], Builds.Plain, cancellationToken);
}
