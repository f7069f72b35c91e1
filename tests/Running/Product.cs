using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Reflection;
using Channels.FakeProviders;
using Channels.Testing;

namespace Channels.Running;

/// <summary>The built product as a process of its own: started, asked, stopped, killed and started again on the same data.</summary>
internal sealed class Product : IAsyncDisposable
{
    /// <summary>Among the settings: where it is started from. Its own folder when absent.</summary>
    public const string WorkingDirectory = "working directory";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private static readonly string Silo = Built("Product")!;

    /// <summary>The front end of a cluster, which is a program of its own in the cluster build alone; null in the in-process build.</summary>
    private static readonly string? FrontEnd = Built("FrontEnd");

    private readonly TemporaryDirectory _data = TemporaryDirectory.Create();
    private readonly string _program;
    private readonly string? _connectionString;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private Process? _process;

    private Product(string program, string? connectionString, IReadOnlyDictionary<string, string> settings)
    {
        _program = program;
        _connectionString = connectionString;
        _settings = settings;
        Address = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
    }

    /// <summary>Whether this is the cluster build, where silos and front ends are processes of their own.</summary>
    public static bool IsClusterBuild => FrontEnd is not null;

    /// <summary>The same in every life.</summary>
    public Uri Address { get; }

    /// <summary>What this life has cost so far, in time of one core.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public ProductLog Log { get; } = new();

    /// <summary>Its process, while it runs.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>The first process of its private Postgres, while that runs.</summary>
    public int Postmaster => int.Parse(PostmasterLines()[0], CultureInfo.InvariantCulture);

    /// <summary>Where its private database, keys and media lie.</summary>
    public string DataDirectory => _data.Combine("data");

    /// <summary>The private database, while it runs.</summary>
    public string PrivateConnectionString => $"Host={PostmasterLines()[4]};Database=channels;Username=channels";

    /// <summary>The one it was given, or else from the file it made.</summary>
    public string OperatorKey => _settings.GetValueOrDefault("Channels__OperatorKey") ?? File.ReadAllText(Path.Combine(DataDirectory, "operator.key")).Trim();

    /// <summary>Returns when it says that it is ready.</summary>
    /// <param name="connectionString">The database; null for its own private server.</param>
    /// <param name="settings">Environment variables besides.</param>
    public static Task<Product> StartAsync(string? connectionString = null, IReadOnlyDictionary<string, string>? settings = null) =>
        StartAsync(Silo, connectionString, settings ?? new Dictionary<string, string>());

    /// <summary>The front end of a cluster. Returns when it says that it is ready.</summary>
    public static Task<Product> StartFrontEndAsync(string connectionString, IReadOnlyDictionary<string, string> settings) =>
        StartAsync(FrontEnd ?? throw new InvalidOperationException("Only the cluster build has a front end."), connectionString, settings);

    private static async Task<Product> StartAsync(string program, string? connectionString, IReadOnlyDictionary<string, string> settings)
    {
        var product = new Product(program, connectionString, settings);
        try
        {
            await product.StartAgainAsync();
            return product;
        }
        catch
        {
            await product.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another life, on the same data and the same address; returns when it says that it is ready.</summary>
    public Task StartAgainAsync()
    {
        Spawn();
        return ReadyAsync();
    }

    /// <summary>Begins another life, and does not wait for it.</summary>
    public void Spawn()
    {
        var start = new ProcessStartInfo(DotNet())
        {
            ArgumentList = { _program },
            WorkingDirectory = _settings.GetValueOrDefault(WorkingDirectory) ?? Path.GetDirectoryName(_program),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var inherited in start.Environment.Keys.Where(IsOurs).ToList())
        {
            start.Environment.Remove(inherited);
        }

        start.Environment["ASPNETCORE_URLS"] = Address.ToString().TrimEnd('/');
        start.Environment["Channels__DataDirectory"] = DataDirectory;
        start.Environment["Channels__Egress__Allow"] = "127.0.0.0/8";
        if (_connectionString is not null)
        {
            start.Environment["ConnectionStrings__Channels"] = _connectionString;
        }

        foreach (var (name, value) in _settings.Where(setting => setting.Key != WorkingDirectory))
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Log.Add(line.Data);
        process.ErrorDataReceived += (_, line) => Log.Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Returns when it says that it is ready.</summary>
    public Task ReadyAsync()
    {
        var process = _process!;
        return Until.SeenAsync(
            "the product to say that it is ready",
            async () => process.HasExited ? throw await EndedAsync(process) : await StatusAsync("/readyz"),
            status => status == HttpStatusCode.OK,
            status => $"/readyz answers {status}; log:\n{Log.Tail()}",
            StartPatience);
    }

    /// <summary>What a path without keys answers.</summary>
    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(Address, path));
        return answer.StatusCode;
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Signals.Kill(_process!.Id);
        await _process.WaitForExitAsync();
        Forget();
    }

    /// <summary>kill -9 of the private Postgres' postmaster, if it runs. Its other processes see it, and leave.</summary>
    public void KillServer()
    {
        if (PostmasterLines() is [var process, ..])
        {
            Signals.Kill(int.Parse(process, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>SIGTERM; the code it ends with and how long that took.</summary>
    public async Task<(int Code, TimeSpan After)> StopAsync(TimeSpan within)
    {
        var started = Stopwatch.GetTimestamp();
        Signals.Terminate(_process!.Id);
        using var limit = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Waited {within.TotalSeconds:0} s for the product to end after SIGTERM. Its log ends with:\n{Log.Tail()}");
        }

        var code = _process.ExitCode;
        Forget();
        return (code, Stopwatch.GetElapsedTime(started));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } process)
        {
            try
            {
                // Its private server is to go with it.
                await StopAsync(TimeSpan.FromSeconds(50));
            }
            catch (TimeoutException)
            {
                Signals.Kill(process.Id);
            }
        }

        Forget();
        _http.Dispose();
        _data.Dispose();
    }

    private async Task<InvalidOperationException> EndedAsync(Process process)
    {
        // Until what it wrote last has come, too.
        await process.WaitForExitAsync();
        return new($"The product ended with code {process.ExitCode}:\n{Log.Tail()}");
    }

    // Line 1 is the process, line 5 the directory of its socket.
    private string[] PostmasterLines() =>
        Path.Combine(DataDirectory, "pg", "postmaster.pid") is var file && File.Exists(file) ? File.ReadAllLines(file) : [];

    private void Forget()
    {
        _process?.Dispose();
        _process = null;
    }

    private static bool IsOurs(string variable) =>
        ((string[])["ASPNETCORE_", "Channels__", "ConnectionStrings__", "Logging__", "DOTNET_ENVIRONMENT"]).Any(prefix => variable.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    private static string? Built(string program) =>
        typeof(Product).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(one => one.Key == program)?.Value;

    // The one that runs us: it need not be in the PATH.
    private static string DotNet() =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "dotnet"));
}
