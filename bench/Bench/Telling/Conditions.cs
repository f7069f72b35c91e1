using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Channels.Bench.Load;
using Channels.Bench.Sides;

namespace Channels.Bench.Telling;

/// <summary>Under which conditions the figures were measured; without them a figure says nothing.</summary>
internal static class Conditions
{
    public static async Task PrintAsync(Product product, CancellationToken cancellationToken)
    {
        var settings = new List<string>();
        foreach (var name in new[] { "fsync", "synchronous_commit", "full_page_writes", "shared_buffers" })
        {
            settings.Add($"{name} {await product.AskAsync($"show {name}", cancellationToken)}");
        }

        Line("date", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        Line("commit", $"{Git("rev-parse", "--short", "HEAD")}{(Git("status", "--porcelain", "--untracked-files=no").Length > 0 ? " and uncommitted changes" : "")}, {Builds.Configuration} build");
        Line("machine", $"{Model()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MB, {RuntimeInformation.OSDescription}");
        Line("load before", $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]} (one minute average; above zero, something else shares the cores and only ratios count)");
        Line("runtime", RuntimeInformation.FrameworkDescription);
        Line("store", $"{await product.AskAsync("show server_version", cancellationToken)}, {string.Join(", ", settings)}");
    }

    /// <summary>For runs that post webhooks as fast as they can.</summary>
    public static void Load(int connections) =>
        Line("load", $"{connections} keep-alive connections, one request outstanding each, body {WebhookTemplate.BodyLength} bytes, everything on one machine over loopback");

    public static void Line(string name, string value) => Console.WriteLine($"{name + ":",-14} {value}");

    private static string Model() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string Git(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", Builds.Root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return said;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
