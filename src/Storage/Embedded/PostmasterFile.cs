using System.Globalization;

namespace Channels.Storage.Embedded;

/// <summary>What a server says of itself in <c>postmaster.pid</c>. It may be a dead server's, or half written.</summary>
/// <param name="ProcessId">Line 1.</param>
/// <param name="Port">Line 4.</param>
/// <param name="SocketDirectory">Line 5; empty when it has no socket.</param>
/// <param name="Status">Line 8: starting, ready, stopping, standby.</param>
internal sealed record PostmasterFile(int ProcessId, int Port, string SocketDirectory, string Status)
{
    public bool IsReady => Status == "ready";

    /// <summary>It recovers, or is about to be ready.</summary>
    public bool IsStarting => Status == "starting";

    public static string PathIn(ClusterDirectory cluster) => Path.Combine(cluster.RealPath, "postmaster.pid");

    public static PostmasterFile? Read(ClusterDirectory cluster)
    {
        try
        {
            var lines = File.ReadAllLines(PathIn(cluster));
            return lines is [var id, ..] && int.TryParse(id, CultureInfo.InvariantCulture, out var processId)
                ? new(processId, Number(lines.ElementAtOrDefault(3)), lines.ElementAtOrDefault(4) ?? "", (lines.ElementAtOrDefault(7) ?? "").Trim())
                : null;
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static int Number(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
