using System.Diagnostics;
using Channels.Bench.Telling;

namespace Channels.Bench.Sides;

/// <summary>The third yardstick: a bot as it is usually written, in Python with FastAPI and SQLite (<c>bench/yardsticks/bot.py</c>), in a process of its own.</summary>
internal sealed class UsualBot : IAsyncDisposable
{
    /// <summary>What its webhooks must bear.</summary>
    public const string Secret = "a-secret-of-the-bot";

    private static readonly string[] _interpreters = ["python3", "/usr/bin/python3"];

    private readonly string _data;

    private UsualBot(OwnProcess process, Uri address, string data)
    {
        Process = process;
        Address = address;
        _data = data;
    }

    public OwnProcess Process { get; }

    public Uri Address { get; }

    /// <summary>Starts it on an empty database; null, and says so, where there is no Python that has what it needs.</summary>
    public static async Task<UsualBot?> StartAsync(Provider provider, CancellationToken cancellationToken)
    {
        if (Array.Find(_interpreters, HasPackages) is not { } interpreter)
        {
            Conditions.Line("bot", "not measured: no python3 that has fastapi, uvicorn and httpx (Debian: python3-fastapi, python3-uvicorn, python3-httpx)");
            return null;
        }

        var data = Directory.CreateTempSubdirectory("channels-bench-bot-").FullName;
        var environment = new Dictionary<string, string>
        {
            ["BOT_DATABASE"] = Path.Combine(data, "bot.db"),
            ["BOT_GATEWAY"] = provider.Address.ToString().TrimEnd('/'),
            ["BOT_GATEWAY_KEY"] = Provider.Key,
            ["BOT_SECRET"] = Secret,
        };
        var script = Path.Combine(Builds.Root, "bench", "yardsticks", "bot.py");
        var (process, address) = await OwnProcess.StartAsync("/usr/bin/env", [interpreter, script], environment, "ready ", cancellationToken);
        return new UsualBot(process, new Uri(address), data);
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private static bool HasPackages(string interpreter)
    {
        using var asked = System.Diagnostics.Process.Start(new ProcessStartInfo("/usr/bin/env", [interpreter, "-c", "import fastapi, httpx, uvicorn"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        asked.StandardError.ReadToEnd();
        asked.WaitForExit();
        return asked.ExitCode == 0;
    }
}
