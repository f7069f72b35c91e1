using System.Text.Json;

namespace Channels.Bench.Sides;

/// <summary>The fake gateway as a process of its own, and what it got.</summary>
internal sealed class Provider : IAsyncDisposable
{
    /// <summary>What its callers must show.</summary>
    public const string Key = "bench-key";

    private readonly HttpClient _http;

    private Provider(OwnProcess process, Uri address)
    {
        Process = process;
        Address = address;
        _http = new HttpClient { BaseAddress = address };
    }

    public OwnProcess Process { get; }

    public Uri Address { get; }

    public static async Task<Provider> StartAsync(CancellationToken cancellationToken)
    {
        var program = Builds.Program("FakeProviders.Host", "Channels.FakeProviders.Host");
        var (process, address) = await OwnProcess.StartAsync(program, ["--port", "0", "--key", Key, "--make-instances"], Builds.Plain, "ready ", cancellationToken);
        return new Provider(process, new Uri(address));
    }

    /// <summary>An instance that is open already.</summary>
    public async Task AddInstanceAsync(string name, CancellationToken cancellationToken)
    {
        using var body = new StringContent(JsonSerializer.Serialize(new { name, state = "open" }));
        using var answer = await _http.PostAsync(new Uri("/__fake/instance", UriKind.Relative), body, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>How many sends it took.</summary>
    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        using var answer = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri("/__fake/ready", UriKind.Relative), cancellationToken));
        return answer.RootElement.GetProperty("sends").GetInt32();
    }

    /// <summary>Everything it took after a place in its ledger, in order.</summary>
    public async Task<List<TakenSend>> SendsAsync(int after, CancellationToken cancellationToken)
    {
        var sends = new List<TakenSend>();
        while (true)
        {
            var page = await _http.GetByteArrayAsync(new Uri($"/__fake/sends?after={after + sends.Count}&limit=10000", UriKind.Relative), cancellationToken);
            using var answer = JsonDocument.Parse(page);
            var before = sends.Count;
            foreach (var send in answer.RootElement.GetProperty("sends").EnumerateArray())
            {
                sends.Add(new TakenSend(send.GetProperty("to").GetString()!, send.GetProperty("text").GetString()!, send.GetProperty("instance").GetString()!, send.GetProperty("at").GetDateTimeOffset()));
            }

            if (sends.Count == before)
            {
                return sends;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Process.DisposeAsync();
    }
}

/// <summary>One send the gateway took.</summary>
internal sealed record TakenSend(string To, string Text, string Instance, DateTimeOffset At);
