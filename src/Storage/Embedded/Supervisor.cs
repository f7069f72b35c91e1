using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>Starts the small process that stops the server when we are gone. What it does is in <c>supervisor.sh</c>.</summary>
/// <remarks>It runs beside the server, not inside us: a host that is killed can tidy nothing away.</remarks>
internal static class Supervisor
{
    private const string Script = "Channels.Storage.Embedded.supervisor.sh";

    private const string Detached = """
        command -v setsid >/dev/null && exec setsid sh -s "$@"
        exec sh -s "$@"
        """;

    public static async Task StartAsync(RunningServer server, TimeSpan grace, string dataDirectory, CancellationToken cancellationToken)
    {
        var host = LinuxProcess.Current;
        long[] numbers = [host.Id, host.StartTicks, server.Process.Id, server.Process.StartTicks, (long)Math.Ceiling(grace.TotalSeconds)];
        using var process = ShellCommand.Start(
        [
            "sh", "-c", Detached, "channels",
            .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            DataDirectoryLock.PathIn(dataDirectory),
        ]);
        await process.StandardInput.WriteAsync((await ReadScriptAsync(cancellationToken)).AsMemory(), cancellationToken);
        process.StandardInput.Close();
    }

    private static async Task<string> ReadScriptAsync(CancellationToken cancellationToken)
    {
        await using var resource = typeof(Supervisor).Assembly.GetManifestResourceStream(Script)
            ?? throw new InvalidOperationException($"{Script} is not embedded.");
        using var reader = new StreamReader(resource);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
