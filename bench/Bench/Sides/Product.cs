using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Channels.Bench.Sides;

/// <summary>The product as its users start it: one process, a private Postgres, a data directory that goes when we go.</summary>
internal sealed class Product : IAsyncDisposable
{
    private const string Totals = """
        select coalesce(sum(messages_received), 0)::bigint, coalesce(sum(duplicates_dropped), 0)::bigint, coalesce(sum(webhooks_finished), 0)::bigint,
               coalesce(sum(webhooks_parked), 0)::bigint, coalesce(sum(messages_sent), 0)::bigint
        from channel_counter
        """;

    private readonly HttpClient _http;
    private readonly string _data;
    private readonly NpgsqlDataSource _postgres;

    private Product(OwnProcess process, Uri address, string data, NpgsqlDataSource postgres, string connectionString, int postmaster)
    {
        Process = process;
        Address = address;
        _data = data;
        ConnectionString = connectionString;
        _postgres = postgres;
        Postmaster = postmaster;
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        OperatorKey = File.ReadAllText(Path.Combine(data, "operator.key")).Trim();
    }

    public OwnProcess Process { get; }

    public Uri Address { get; }

    /// <summary>The first process of its Postgres.</summary>
    public int Postmaster { get; }

    /// <summary>To its Postgres, as the owner of its tables.</summary>
    public string ConnectionString { get; }

    /// <summary>Where its keys are.</summary>
    public string DataDirectory => _data;

    private string OperatorKey { get; }

    /// <summary>Starts it on an empty data directory. <c>--product-env NAME=VALUE;…</c> changes its environment, to compare settings.</summary>
    public static Task<Product> StartAsync(Options options, CancellationToken cancellationToken) => StartAsync(options, Builds.Plain, cancellationToken);

    /// <summary>As above, with some environment besides.</summary>
    public static async Task<Product> StartAsync(Options options, IReadOnlyDictionary<string, string> besides, CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("channels-bench-").FullName;
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess)
        {
            // The server's own user must pass through.
            File.SetUnixFileMode(data, File.GetUnixFileMode(data) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        var environment = new Dictionary<string, string>
        {
            ["Channels__DataDirectory"] = data,
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["ConnectionStrings__Channels"] = "",
        };
        foreach (var (name, value) in besides)
        {
            environment[name] = value;
        }

        foreach (var pair in options.Text("product-env", "").Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            environment[parts[0]] = parts[1];
        }

        try
        {
            var (process, said) = await OwnProcess.StartAsync(Builds.Program("Silo", "Channels.Silo"), [], environment, "Channels answers at ", cancellationToken);
            var pid = await File.ReadAllLinesAsync(Path.Combine(data, "pg", "postmaster.pid"), cancellationToken);
            var connection = $"Host={pid[4]};Port={pid[3]};Username=channels;Database=channels;Application Name=bench";
            var postgres = NpgsqlDataSource.Create($"{connection};Maximum Pool Size=2;Command Timeout=600");
            return new Product(process, new Uri(said.Split(' ')[0]), data, postgres, connection, int.Parse(pid[0], System.Globalization.CultureInfo.InvariantCulture));
        }
        catch
        {
            Directory.Delete(data, recursive: true);
            throw;
        }
    }

    /// <summary>A new tenant.</summary>
    public async Task<BenchTenant> AddTenantAsync(string name, CancellationToken cancellationToken)
    {
        using var answer = await PostAsync("/api/v1/tenants", OperatorKey, new { name }, cancellationToken);
        return new BenchTenant(answer.RootElement.GetProperty("id").GetGuid(), answer.RootElement.GetProperty("api_key").GetString()!);
    }

    /// <summary>An evolution channel.</summary>
    public async Task<BenchChannel> AddChannelAsync(BenchTenant tenant, string name, string identity, string agent, Uri gateway, bool activate, CancellationToken cancellationToken)
    {
        var secret = $"secret-of-{name}-{identity}";
        using var made = await PostAsync(
            "/api/v1/channels",
            tenant.Key,
            new
            {
                name,
                channel_type = "evolution",
                identity,
                webhook_secret = secret,
                config = new { base_url = gateway.ToString().TrimEnd('/'), api_key = Provider.Key, instance_name = name },
                agent = new { kind = agent },
            },
            cancellationToken);
        var id = made.RootElement.GetProperty("id").GetGuid();
        if (activate)
        {
            using var activated = await PostAsync($"/api/v1/channels/{id}/activate", tenant.Key, new { }, cancellationToken);
            if (activated.RootElement.GetProperty("status").GetString() != "active")
            {
                throw new InvalidOperationException($"Channel {name} is not active: {activated.RootElement}");
            }
        }

        return new BenchChannel(id, name, secret);
    }

    /// <summary>The sums of all channels' counters, as the database has them.</summary>
    public async Task<Ledger> LedgerAsync(CancellationToken cancellationToken)
    {
        await using var command = _postgres.CreateCommand(Totals);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new Ledger(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
    }

    /// <summary>Waits until so many webhooks are done with; answers how long that took, or null when it took longer than <paramref name="limit"/>.</summary>
    public async Task<TimeSpan?> DrainedAsync(long finished, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (System.Diagnostics.Stopwatch.GetElapsedTime(started) < limit)
        {
            var ledger = await LedgerAsync(cancellationToken);
            if (ledger.Finished + ledger.Parked >= finished)
            {
                return System.Diagnostics.Stopwatch.GetElapsedTime(started);
            }

            await Task.Delay(100, cancellationToken);
        }

        return null;
    }

    /// <summary>One value, as text.</summary>
    public async Task<string> AskAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = _postgres.CreateCommand(sql);
        return (await command.ExecuteScalarAsync(cancellationToken))?.ToString() ?? "";
    }

    /// <summary>Runs a statement as the owner of the tables.</summary>
    public async Task RunAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = _postgres.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A client with a tenant's key.</summary>
    public HttpClient Client(BenchTenant tenant) =>
        new() { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(120), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", tenant.Key) } };

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _postgres.DisposeAsync();
        await Process.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private async Task<JsonDocument> PostAsync<TBody>(string path, string key, TBody body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await _http.SendAsync(request, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(text) : throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}: {text}");
    }
}

/// <summary>A tenant and its key.</summary>
internal sealed record BenchTenant(Guid Id, string Key);

/// <summary>A channel the load goes to.</summary>
internal sealed record BenchChannel(Guid Id, string Name, string Secret);

/// <summary>What the product says it did with everything it acknowledged.</summary>
internal sealed record Ledger(long Recorded, long Duplicates, long Finished, long Parked, long Sent);
