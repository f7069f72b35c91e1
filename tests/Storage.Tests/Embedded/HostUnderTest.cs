using System.Diagnostics;
using System.Globalization;
using Channels.Testing;

namespace Channels.Storage.Tests.Embedded;

/// <summary>A running <see cref="HostProcess"/>: the only honest way to see what a killed host leaves behind.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private HostUnderTest(Process process, string firstLine)
    {
        _process = process;
        FirstLine = firstLine;
    }

    /// <summary><c>ready …</c> or <c>failed …</c>.</summary>
    public string FirstLine { get; }

    public int Id => _process.Id;

    public int ServerProcessId => int.Parse(FirstLine.Split(' ')[1], CultureInfo.InvariantCulture);

    public string ConnectionString => FirstLine.Split(' ', 3)[2];

    public static Task<HostUnderTest> StartAsync(string dataDirectory, TimeSpan? grace = null, IReadOnlyList<string>? runAs = null, IReadOnlyDictionary<string, string>? environment = null) =>
        RunAsync([.. runAs ?? []], ["host", dataDirectory, (grace ?? TimeSpan.FromMinutes(5)).ToString("c", CultureInfo.InvariantCulture)], environment);

    /// <summary>Whether a process of another user may talk to the server.</summary>
    public static async Task<string> ConnectAsync(string connectionString, IReadOnlyList<string> runAs)
    {
        await using var client = await RunAsync(runAs, ["connect", connectionString], environment: null);
        return client.FirstLine;
    }

    /// <summary>SIGKILL: no handler runs, nothing is tidied.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, and waits until it did.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(deadline.Token);
        _process.Dispose();
    }

    private static async Task<HostUnderTest> RunAsync(IReadOnlyList<string> prefix, string[] arguments, IReadOnlyDictionary<string, string>? environment)
    {
        string[] command = [.. prefix, "dotnet", typeof(HostProcess).Assembly.Location, .. arguments];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        // Another user has no home of ours to keep anything in.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("No process.");
        using var deadline = new CancellationTokenSource(Patience);
        var line = await process.StandardOutput.ReadLineAsync(deadline.Token);
        return new(process, line ?? throw new InvalidOperationException("The host said nothing."));
    }
}

/// <summary>For what only root can see: another user at work.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootPostgresFactAttribute : FactAttribute
{
    public RootPostgresFactAttribute() =>
        Skip = new PostgresFactAttribute().Skip ?? (Environment.IsPrivilegedProcess ? null : "Only as root: it is about changing the user.");
}
